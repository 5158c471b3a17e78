// Preloaded into a worker (node --import): its clock is off by so many seconds from the first line on.
const offBy = Number(process.env.CHAOS_CLOCK_OFF_BY_S) * 1000;
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offBy);
    else super(...given);
  }

  static now() {
    return RealDate.now() + offBy;
  }
};
