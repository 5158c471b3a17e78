import getPort from 'get-port';

/** A port on 127.0.0.1. */
export interface WantedPort {
  number: number;
  /** What to do where somebody has it: take another one, or insist, and fail. */
  ifTaken: 'take another' | 'insist';
}

/** @param wanted without it, any free port */
export async function choosePort(wanted?: WantedPort): Promise<number> {
  if (wanted?.ifTaken === 'insist') return wanted.number;
  return getPort({ host: '127.0.0.1', ...(wanted && { port: wanted.number }) });
}
