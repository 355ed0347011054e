import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  adam,
  add,
  conv2d,
  grad,
  input,
  mean,
  relu,
  scale,
  square,
  sub,
  type Tensor,
  variable,
} from '../../src/engine.js';
import { memoryOrder } from '../../src/graph/order.js';
import { plan } from '../../src/graph/plan.js';
import type { Node } from '../../src/graph/tensor.js';

const test = suite('schedule');

type Update = readonly [variable: Tensor, value: Tensor];

/** Places of nodes, once it is sure that every node comes after its operands, and each exactly once. */
function placesOf(order: readonly Node[]): Map<Node, number> {
  const places = new Map(order.map((node, i) => [node, i]));
  assert.is(places.size, order.length, 'a node twice');
  for (const node of order)
    for (const { node: maker } of node.inputs)
      assert.ok(places.get(maker)! < places.get(node)!, `${node.op.name} too early`);
  return places;
}

const LAYERS = 6;

/** A chain of convolutions on small planes: weights are what fills the memory. */
function chain(accumulated = false) {
  const x = input([1, 32, 8, 8]);
  const weights = Array.from({ length: LAYERS }, () => variable([32, 32, 3, 3]));
  const y = weights.reduce((h: Tensor, w) => relu(conv2d(h, w, null, { padding: 1 })), x);
  const loss = mean(square(y));
  const gradients = grad(loss, weights);
  const scalars = { lr: input([]), correction1: input([]), correction2: input([]) };
  const updates = weights.flatMap((w, i): Update[] => {
    const [m, v] = [variable(w.shape), variable(w.shape)];
    if (accumulated) return [[m, add(m, scale(gradients[i]!, 0.5))]];
    const next = adam(w, gradients[i]!, m, v, scalars);
    return [
      [w, next.w],
      [m, next.m],
      [v, next.v],
    ];
  });
  return { loss, weights, updates };
}

const GRADIENT = 32 * 32 * 9 * 4;

for (const accumulated of [false, true]) {
  test(`gradients do not wait for one another before ${accumulated ? 'they add up' : 'Adam'}`, () => {
    const { loss, updates } = chain(accumulated);
    const makers = new Set(updates.map(([, value]) => value.node));
    const places = placesOf(memoryOrder([loss], updates));
    const after = [...makers].map((maker) => {
      const gradient = maker.inputs.find(({ node }) => node.op.name === 'scale') ?? maker.inputs[1]!;
      return (
        places.get(maker)! - places.get((gradient.node.op.name === 'scale' ? gradient.node.inputs[0]! : gradient).node)!
      );
    });
    // The data gradient of the same layer reads the old weight, and may come in between.
    assert.ok(Math.max(...after) <= 3, `an update comes ${Math.max(...after)} nodes after its gradient`);
    const limits = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 };
    const options = {
      limits,
      device: { kind: 'gpu', vendor: '', subgroupSize: null },
      candidate: () => 'plain',
    } as const;
    const { copies, lowerBoundBytes } = plan({ outputs: [loss], updates: updates.map(([a, b]) => [a, b]), ...options });
    assert.is(copies.length, 0, 'updates that are not written in place');
    assert.ok(lowerBoundBytes < 3 * GRADIENT, `${lowerBoundBytes} bytes for gradients of ${GRADIENT} each`);
  });
}

test('an update waits for what still reads the old value', () => {
  const w = variable([4]);
  const next = sub(w, 1);
  const late = square(scale(w, 2));
  const places = placesOf(memoryOrder([late], [[w, next]]));
  assert.ok(places.get(next.node)! > places.get(late.node.inputs[0]!.node)!);
});

test('what follows an updated value comes after it, and updates that read each other come at all', () => {
  const [a, b] = [variable([4]), variable([4])];
  const [nextA, nextB] = [add(a, b), sub(a, b)];
  const shown = scale(nextA, 2);
  placesOf(
    memoryOrder(
      [shown],
      [
        [a, nextA],
        [b, nextB],
      ],
    ),
  );
  assert.is(
    memoryOrder(
      [],
      [
        [a, nextA],
        [b, nextB],
      ],
    ).length,
    4,
  );
});

test.run();
