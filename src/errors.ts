/** What a message is made of besides the problem itself: the file it stands in and what to do about it. */
export type ErrorDetails = { file?: string; fix?: string; cause?: unknown };

/**
 * The base of every error that a user can meet. `message` reads `file: problem. fix`; `exitCode` follows sysexits.h, so
 * that a script can tell bad data (65) from a full disk (74).
 */
export class ProjectError extends Error {
  readonly exitCode: number = 70;
  readonly file?: string;
  readonly fix?: string;
  /** The message without file and fix. */
  readonly problem: string;

  constructor(problem: string, { file, fix, cause }: ErrorDetails = {}) {
    super(`${file ? `${file}: ` : ''}${problem}${fix ? `. ${fix}` : ''}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.file = file;
    this.fix = fix;
    this.problem = problem;
  }
}

/** A wrong option or a wrong combination of options. */
export class UsageError extends ProjectError {
  override readonly exitCode = 2;
}

/** What was asked for needs more memory than the device has: known from the plan, before anything ran. */
export class MemoryError extends ProjectError {
  override readonly exitCode = 2;
}

/** A file that can be read but does not hold what it should. */
export class DataError extends ProjectError {
  override readonly exitCode = 65;
}

/** A file or folder that is not there. */
export class MissingFileError extends ProjectError {
  override readonly exitCode = 66;
}

/** A fault of this program: a broken invariant, never the user's doing. */
export class InternalError extends ProjectError {
  override readonly exitCode = 70;
}

/** The system refused to read or write: disk full, no permission, an unplugged drive. */
export class IOError extends ProjectError {
  override readonly exitCode = 74;
}

type Advice = { problem: string; fix: string };

const ADVICE: Record<string, Advice> = {
  ENOSPC: { problem: 'no space left on the disk', fix: 'Free some space or write to another disk' },
  EDQUOT: { problem: 'the disk quota is used up', fix: 'Free some space or write to another disk' },
  EACCES: { problem: 'permission denied', fix: 'Check the owner and the mode of the file and its folder' },
  EPERM: { problem: 'operation not permitted', fix: 'Check the owner and the mode of the file and its folder' },
  EROFS: { problem: 'the file system is read-only', fix: 'Write to another folder' },
  EISDIR: { problem: 'is a folder, expected a file', fix: 'Give the path of a file' },
  ENOTDIR: { problem: 'a part of the path is a file, expected a folder', fix: 'Check the path' },
  EMFILE: { problem: 'too many open files', fix: 'Raise the limit (ulimit -n)' },
};

/** Turns what Node's file functions throw into the typed error that names `file`; a ProjectError passes through. */
export function fileError(error: unknown, file: string): ProjectError {
  if (error instanceof ProjectError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return new MissingFileError('no such file or folder', { file, fix: 'Check the path', cause: error });
  const advice = ADVICE[code ?? ''] ?? { problem: message, fix: undefined };
  return new IOError(advice.problem, { file, fix: advice.fix, cause: error });
}
