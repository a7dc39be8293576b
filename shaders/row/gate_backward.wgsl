// gate_backward for graphics processors: a workgroup of 64 lanes a row, each lane every 64th element. Workgroup memory: 576 bytes. Dispatch: N

@compute @workgroup_size(64)
fn gate_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups);
  if (row >= params.N) { return; }
  let mu = sigmoid(alpha[0] / params.temperature);
  var sum = 0.0;
  for (var c = local; c < params.C; c += 64u) { sum += gradient(row * params.C + c, mu); }
  let whole = sum_lanes(local, vec2f(sum, 0.0)).x;
  if (local == 0u) { partials[row] = whole; }
}
