import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import type { DevicePicture } from '../generate/generator.js';
import present from './present.wgsl';

/** Where a picture is shown; it is stretched over all of it. */
export interface Target extends Size {
  texture: GPUTexture;
  /** Only there; what is around stays. Without it the whole target is painted. */
  only?: { x: number; y: number; width: number; height: number };
}

export type Present = (encoder: GPUCommandEncoder, picture: DevicePicture, target: Target) => void;

const UNIFORM = 0x40 | 0x08;
const PARAMS = 7 * 4;

function paramsOf({ channels, padded, size }: DevicePicture, target: Size): ArrayBuffer {
  const params = new ArrayBuffer(PARAMS);
  new Uint32Array(params).set([channels, padded.width, padded.width * padded.height, size.width, size.height]);
  new Float32Array(params, 20).set([size.width / target.width, size.height / target.height]);
  return params;
}

/** What shows pictures of one device; pipelines and the uniform are made once. */
export function presenter({ gpu }: Device): Present {
  const module = gpu.createShaderModule({ label: 'present', code: present });
  const uniform = gpu.createBuffer({ label: 'present', size: 32, usage: UNIFORM });
  const pipelines = new Map<GPUTextureFormat, GPURenderPipeline>();
  const pipelineOf = (format: GPUTextureFormat) => {
    const pipeline =
      pipelines.get(format) ??
      gpu.createRenderPipeline({
        label: 'present',
        layout: 'auto',
        vertex: { module },
        fragment: { module, targets: [{ format }] },
      });
    pipelines.set(format, pipeline);
    return pipeline;
  };
  return (encoder, picture, target) => {
    const { texture, only } = target;
    const pipeline = pipelineOf(texture.format);
    // Encoders are submitted where they are made, so the next picture's values come behind this one's draw.
    gpu.queue.writeBuffer(uniform, 0, paramsOf(picture, target));
    const { buffer, offset, bytes: size } = picture;
    const entries = [{ buffer: uniform }, { buffer, offset, size }].map((resource, binding) => ({ binding, resource }));
    const loadOp = only ? 'load' : 'clear';
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: texture.createView(), loadOp, storeOp: 'store' }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    if (only) pass.setScissorRect(only.x, only.y, only.width, only.height);
    pass.draw(3);
    pass.end();
  };
}
