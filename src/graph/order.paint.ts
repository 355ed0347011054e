import type * as order from './order.js';
import { schedule } from './schedule.js';

/** What only paints updates nothing, so there is nothing that could run earlier than it was built. */
export const memoryOrder: typeof order.memoryOrder = (outputs, updates) => schedule([...outputs, ...updates.flat()]);
