// layer_norm for graphics processors: a workgroup of 64 lanes a row, each lane every 64th vec4, so that neighbours read neighbours. Each lane reads its numbers
// three times, the second and third time from the cache: a row is a few KiB. Workgroup memory: 576 bytes. Dispatch: N

@compute @workgroup_size(64)
fn layer_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups);
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let size = f32(params.C);
  var sum = vec4f();
  for (var c = local; c < C4; c += 64u) { sum += taken(begin + c); }
  let mean = sum_lanes(local, vec2f(dot(sum, vec4f(1.0)), 0.0)).x / size;
  var squares = vec4f();
  for (var c = local; c < C4; c += 64u) {
    let centred = x[begin + c] - mean;
    squares += centred * centred;
  }
  let rstd = 1.0 / sqrt(sum_lanes(local, vec2f(dot(squares, vec4f(1.0)), 0.0)).x / size + params.eps);
  for (var c = local; c < C4; c += 64u) { normalize(begin + c, c, mean, rstd); }
  if (local == 0u) { stats[row] = vec2f(mean, rstd); }
}
