// The worker's end of the line: trains, so that the page never waits.

import { answerCall, type Call, type Reply } from '../../src/web/calls.js';
import type { News, Trainings } from '../messages.js';
import { openTrainings } from './trainings.js';

const scope = globalThis as unknown as {
  postMessage(message: Reply | News): void;
  onmessage: ((event: MessageEvent<Call<keyof Trainings>>) => void) | null;
};
const opening = openTrainings((news) => scope.postMessage(news));

scope.onmessage = async ({ data }) => {
  const opened = await opening.then(
    (trainings) => answerCall(trainings, data),
    ({ message }): Reply => ({ id: data.id, error: { message: `This browser keeps no files for pages: ${message}` } }),
  );
  scope.postMessage(opened);
};
