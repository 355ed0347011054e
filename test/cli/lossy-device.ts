// Loaded before the command line: destroys the device right behind the submits whose numbers the environment lists.

import { globals } from 'webgpu';

type Classes = { GPUAdapter: typeof GPUAdapter; GPUQueue: typeof GPUQueue };
const { GPUAdapter: Adapter, GPUQueue: Queue } = globals as unknown as Classes;
const { requestDevice } = Adapter.prototype;
const { submit } = Queue.prototype;

const doomed: number[] = JSON.parse(process.env.LOSE_DEVICE_AT!);
const devices = new WeakMap<GPUQueue, GPUDevice>();
let submits = 0;

Adapter.prototype.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  devices.set(device.queue, device);
  return device;
};

Queue.prototype.submit = function (buffers) {
  submit.call(this, buffers);
  if (doomed.includes(++submits)) devices.get(this)!.destroy();
};
