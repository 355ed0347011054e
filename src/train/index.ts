/** Training: the nets, their losses and first values, and the training step as one program. */

export { type DiscriminatorOptions, multiscaleDiscriminator } from '../nets/discriminator.js';
export { conditionChannels, type Encoding, encodeInput } from '../nets/encode-input.js';
export { type GeneratorOptions, globalGenerator } from '../nets/generator.js';
export { initialValues } from '../nets/init.js';
export { featureMatching, type GanMode, ganLoss } from '../nets/losses.js';
export { createVariables, lookup, type Net, type Parameter, type Variables } from '../nets/parameters.js';
export {
  ADAM,
  type AdamOptions,
  adamFeeds,
  adamScalars,
  newMoments,
  type Trainee,
} from './adam.js';
export type { Checkpoint, Progress, Start } from './checkpoint.js';
export { learningRate, totalSteps } from './schedule.js';
export { type Settings, trainSettings } from './settings.js';
export { type StepOptions, trainingStep } from './step.js';
export { type BatchSource, DivergedError, type Step, trainingSteps } from './steps.js';
export { createTrainer, type Losses, type Trainer, type TrainerOptions } from './trainer.js';
