// Who trains in a run's folder: lock.json, so that no two write there at once.

import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileError, UsageError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';

/** What lock.json holds; its time of change is the heartbeat. */
interface Holder {
  pid: number;
  host: string;
  /** ISO time. */
  since: string;
  token: string;
}

export interface Lock {
  /** Whose lock this one replaced, in words, where that one had ended without giving it back. */
  readonly stale?: string;
  /** Aborted, with the reason, when another process has taken the folder: one that was asleep for long must not go on writing. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export const LOCK = 'lock.json';
const BEAT_MS = 10_000;
/** A heartbeat older than this is none; clocks of machines that share a folder must agree within it. */
const STALE_MS = 120_000;
/** Two that take a stale lock over at once see each other after this. */
const SETTLE_MS = 100;

/** The holder, or undefined where a killed process left half a file. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** On this machine a process is there or not; of another one the heartbeat tells. Our own number is of a process before us. */
function isAlive({ pid, host }: Holder, ageMs: number): boolean {
  if (ageMs > STALE_MS) return false;
  return host !== hostname() || (pid !== process.pid && runs(pid));
}

const described = ({ pid, host, since }: Holder): string =>
  `process ${pid} on ${host === hostname() ? 'this machine' : host}, since ${since}`;

async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
}

function held(root: string, holder: Holder): UsageError {
  const fix = 'Wait for it or stop it, or give another --out';
  return new UsageError(`another training writes here: ${described(holder)}`, { file: root, fix });
}

/** Who trains in a folder now, in words; undefined where nobody does. */
export async function lockedBy(root: string): Promise<string | undefined> {
  const holder = await readHolder(join(root, LOCK));
  return holder && isAlive(holder, await ageOf(join(root, LOCK))) ? described(holder) : undefined;
}

/** Writes the file where there is none. */
async function made(path: string, own: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(own));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(error, path);
  }
}

/** Replaces a lock whose holder has ended. Returns who that was. @throws UsageError where it lives, or another was quicker */
async function takenOver(root: string, own: Holder): Promise<string> {
  const path = join(root, LOCK);
  const before = await readHolder(path);
  if (before && isAlive(before, await ageOf(path))) throw held(root, before);
  await writeFileAtomic(path, JSON.stringify(own));
  await wait(SETTLE_MS);
  const now = await readHolder(path);
  if (now && now.token !== own.token) throw held(root, now);
  return before ? described(before) : 'a process unknown';
}

/** Touches the lock now and then; aborts where it is another's. A disk that refuses for a while is no reason to stop. */
function heart(root: string, own: Holder): { lost: AbortSignal; stop(): void } {
  const path = join(root, LOCK);
  const controller = new AbortController();
  const beat = async () => {
    const holder = await readHolder(path).catch(() => own);
    if (holder && holder.token !== own.token) controller.abort(held(root, holder));
    else await utimes(path, new Date(), new Date()).catch(() => {});
  };
  const timer = setInterval(beat, BEAT_MS).unref();
  return { lost: controller.signal, stop: () => clearInterval(timer) };
}

/** Takes a folder for this process. @throws UsageError naming who trains there, IOError */
export async function takeLock(root: string): Promise<Lock> {
  const path = join(root, LOCK);
  const own: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), token: randomUUID() };
  const stale = (await made(path, own)) ? undefined : await takenOver(root, own);
  const { lost, stop } = heart(root, own);
  return {
    stale,
    lost,
    async release() {
      stop();
      if ((await readHolder(path).catch(() => undefined))?.token === own.token) await rm(path, { force: true });
    },
  };
}
