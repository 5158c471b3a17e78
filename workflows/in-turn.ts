/** Runs one work after the other, in the order in which they come, whatever becomes of those before. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let prior: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = prior.then(work);
    prior = done.catch(() => undefined);
    return done;
  };
}
