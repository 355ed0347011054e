import type { Device } from '../device/device.js';
import type { Arena } from './arena.js';
import { type CompileOptions, compile, type Program, type ProgramSpec } from './program.js';

/** One graph for pictures of every size: a program a size, all with the same pipelines, variables and memory. */
export interface SizedPrograms<Size> {
  /** The program for inputs of `size`, compiled when the size first comes. */
  of(size: Size): Promise<Program>;
  destroy(): void;
}

/** A program costs little (its recorded dispatches) but not nothing; those unused longest go. */
const MOST = 32;

/** @param specOf the graph for a size, as to `compile` */
export function sizedPrograms<Size extends readonly number[]>(
  device: Device,
  arena: Arena,
  specOf: (size: Size) => ProgramSpec,
  options: Omit<CompileOptions, 'arena'> = {},
): SizedPrograms<Size> {
  const programs = new Map<string, Promise<Program>>();
  const drop = (key: string, program: Promise<Program>) => {
    programs.delete(key);
    program.then(
      (p) => p.destroy(),
      () => {},
    );
  };
  return {
    of(size) {
      const key = size.join();
      const program = programs.get(key) ?? compile(device, specOf(size), { ...options, arena });
      // Set anew each time, so that the map's order is that of the last uses.
      programs.delete(key);
      programs.set(key, program);
      program.catch(() => programs.delete(key));
      if (programs.size > MOST) drop(...(programs.entries().next().value as [string, Promise<Program>]));
      return program;
    },
    destroy() {
      for (const [key, program] of [...programs]) drop(key, program);
    },
  };
}
