import { IOError } from '../errors.js';

/** Does a write; what the disk refuses is told, and undefined, unless it is `last`. @throws what is not the disk's, or is last */
export type PatientWrite = <T>(write: () => Promise<T>, last?: boolean) => Promise<T | undefined>;

/** A full disk must not end a training that may run for days: it is told once, and every later write tries again. */
export function patientWrites(say: (text: string) => void): PatientWrite {
  let refused = false;
  return async (write, last = false) => {
    try {
      const result = await write();
      if (refused) say('The disk takes writes again');
      refused = false;
      return result;
    } catch (error) {
      if (last || !(error instanceof IOError)) throw error;
      if (!refused) say(`${error.message}. The training goes on and tries again with the next write`);
      refused = true;
      return undefined;
    }
  };
}
