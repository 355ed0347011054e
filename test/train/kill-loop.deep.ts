import { suite } from 'uvu';
import { killLoop } from './kill-loop.js';

const test = suite('save loop, killed often');

test('killed 200 times at random moments, the newest checkpoint is always whole', () => killLoop(200));

test.run();
