;; products: what a sparse adapter's host side spends its time in, over f32 in one memory, four numbers at a time.
;; Addresses and strides in bytes, rows of C numbers, C a multiple of 4. Reference: plainProducts in products.ts. `node scripts/wasm.mjs` builds it.
(module
  (import "host" "memory" (memory 1))

  ;; The four lanes of a sum, summed.
  (func $lanes (param $v v128) (result f32)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v)))
      (f32.add (f32x4.extract_lane 2 (local.get $v)) (f32x4.extract_lane 3 (local.get $v)))))

  ;; out[0] = x · y
  (func $dot (param $x i32) (param $y i32) (param $bytes i32) (param $out i32)
    (local $k i32) (local $s v128)
    (loop $next
      (local.set $s (f32x4.add (local.get $s) (f32x4.mul
        (v128.load (i32.add (local.get $x) (local.get $k)))
        (v128.load (i32.add (local.get $y) (local.get $k))))))
      (br_if $next (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 16))) (local.get $bytes))))
    (f32.store (local.get $out) (call $lanes (local.get $s))))

  ;; Four rows of x with two of y.
  (func $dots4x2 (param $x i32) (param $y i32) (param $bytes i32) (param $out i32) (param $stride i32)
    (local $k i32) (local $y0 v128) (local $y1 v128) (local $a v128)
    (local $x1 i32) (local $x2 i32) (local $x3 i32) (local $yy i32)
    (local $s00 v128) (local $s01 v128) (local $s10 v128) (local $s11 v128)
    (local $s20 v128) (local $s21 v128) (local $s30 v128) (local $s31 v128)
    (local.set $x1 (i32.add (local.get $x) (local.get $bytes)))
    (local.set $x2 (i32.add (local.get $x1) (local.get $bytes)))
    (local.set $x3 (i32.add (local.get $x2) (local.get $bytes)))
    (local.set $yy (i32.add (local.get $y) (local.get $bytes)))
    (loop $next
      (local.set $y0 (v128.load (i32.add (local.get $y) (local.get $k))))
      (local.set $y1 (v128.load (i32.add (local.get $yy) (local.get $k))))
      (local.set $a (v128.load (i32.add (local.get $x) (local.get $k))))
      (local.set $s00 (f32x4.add (local.get $s00) (f32x4.mul (local.get $a) (local.get $y0))))
      (local.set $s01 (f32x4.add (local.get $s01) (f32x4.mul (local.get $a) (local.get $y1))))
      (local.set $a (v128.load (i32.add (local.get $x1) (local.get $k))))
      (local.set $s10 (f32x4.add (local.get $s10) (f32x4.mul (local.get $a) (local.get $y0))))
      (local.set $s11 (f32x4.add (local.get $s11) (f32x4.mul (local.get $a) (local.get $y1))))
      (local.set $a (v128.load (i32.add (local.get $x2) (local.get $k))))
      (local.set $s20 (f32x4.add (local.get $s20) (f32x4.mul (local.get $a) (local.get $y0))))
      (local.set $s21 (f32x4.add (local.get $s21) (f32x4.mul (local.get $a) (local.get $y1))))
      (local.set $a (v128.load (i32.add (local.get $x3) (local.get $k))))
      (local.set $s30 (f32x4.add (local.get $s30) (f32x4.mul (local.get $a) (local.get $y0))))
      (local.set $s31 (f32x4.add (local.get $s31) (f32x4.mul (local.get $a) (local.get $y1))))
      (br_if $next (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 16))) (local.get $bytes))))
    (f32.store (local.get $out) (call $lanes (local.get $s00)))
    (f32.store offset=4 (local.get $out) (call $lanes (local.get $s01)))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (f32.store (local.get $out) (call $lanes (local.get $s10)))
    (f32.store offset=4 (local.get $out) (call $lanes (local.get $s11)))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (f32.store (local.get $out) (call $lanes (local.get $s20)))
    (f32.store offset=4 (local.get $out) (call $lanes (local.get $s21)))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (f32.store (local.get $out) (call $lanes (local.get $s30)))
    (f32.store offset=4 (local.get $out) (call $lanes (local.get $s31))))

  ;; out[i, j] = x[i] · y[j] for i < nx, j < ny; rows of out are ny numbers. Every element is summed in the same order, in a block or alone.
  (func (export "dots") (param $x i32) (param $nx i32) (param $y i32) (param $ny i32) (param $C i32) (param $out i32)
    (local $i i32) (local $j i32) (local $row i32) (local $stride i32) (local $high i32) (local $wide i32)
    (local.set $row (i32.shl (local.get $C) (i32.const 2)))
    (local.set $stride (i32.shl (local.get $ny) (i32.const 2)))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $i) (local.get $nx)))
        (local.set $high (select (i32.const 4) (i32.const 1) (i32.le_u (i32.add (local.get $i) (i32.const 4)) (local.get $nx))))
        (local.set $j (i32.const 0))
        (block $end
          (loop $columns
            (br_if $end (i32.ge_u (local.get $j) (local.get $ny)))
            (local.set $wide (select (i32.const 2) (i32.const 1) (i32.and
              (i32.eq (local.get $high) (i32.const 4))
              (i32.le_u (i32.add (local.get $j) (i32.const 2)) (local.get $ny)))))
            (if (i32.eq (local.get $wide) (i32.const 2))
              (then (call $dots4x2
                (i32.add (local.get $x) (i32.mul (local.get $i) (local.get $row)))
                (i32.add (local.get $y) (i32.mul (local.get $j) (local.get $row)))
                (local.get $row)
                (i32.add (local.get $out) (i32.add (i32.mul (local.get $i) (local.get $stride)) (i32.shl (local.get $j) (i32.const 2))))
                (local.get $stride)))
              (else (call $column (local.get $x) (local.get $y) (local.get $row) (local.get $out) (local.get $stride)
                (local.get $i) (local.get $high) (local.get $j))))
            (local.set $j (i32.add (local.get $j) (local.get $wide)))
            (br $columns)))
        (local.set $i (i32.add (local.get $i) (local.get $high)))
        (br $rows))))

  ;; Column j of the rows i..i + high, one by one.
  (func $column (param $x i32) (param $y i32) (param $row i32) (param $out i32) (param $stride i32)
    (param $i i32) (param $high i32) (param $j i32)
    (local.set $high (i32.add (local.get $i) (local.get $high)))
    (loop $next
      (call $dot
        (i32.add (local.get $x) (i32.mul (local.get $i) (local.get $row)))
        (i32.add (local.get $y) (i32.mul (local.get $j) (local.get $row)))
        (local.get $row)
        (i32.add (local.get $out) (i32.add (i32.mul (local.get $i) (local.get $stride)) (i32.shl (local.get $j) (i32.const 2)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $high)))))

  ;; sum[c] += weights[i] · x[rows[i]][c], i = 0..count in order.
  (func (export "weightedSum") (param $sum i32) (param $x i32) (param $C i32) (param $rows i32) (param $weights i32) (param $count i32)
    (local $c i32) (local $end i32) (local $i i32) (local $from i32) (local $w v128)
    (local $a v128) (local $b v128) (local $d v128) (local $e v128)
    (if (i32.eqz (local.get $count)) (then (return)))
    (local.set $end (i32.shl (local.get $C) (i32.const 2)))
    (block $tail
      (loop $wide
        (br_if $tail (i32.gt_u (i32.add (local.get $c) (i32.const 64)) (local.get $end)))
        (local.set $a (v128.load (i32.add (local.get $sum) (local.get $c))))
        (local.set $b (v128.load offset=16 (i32.add (local.get $sum) (local.get $c))))
        (local.set $d (v128.load offset=32 (i32.add (local.get $sum) (local.get $c))))
        (local.set $e (v128.load offset=48 (i32.add (local.get $sum) (local.get $c))))
        (local.set $i (i32.const 0))
        (loop $each
          (local.set $w (v128.load32_splat (i32.add (local.get $weights) (i32.shl (local.get $i) (i32.const 2)))))
          (local.set $from (i32.add (i32.add (local.get $x) (local.get $c))
            (i32.mul (local.get $end) (i32.load (i32.add (local.get $rows) (i32.shl (local.get $i) (i32.const 2)))))))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w) (v128.load (local.get $from)))))
          (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $from)))))
          (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w) (v128.load offset=32 (local.get $from)))))
          (local.set $e (f32x4.add (local.get $e) (f32x4.mul (local.get $w) (v128.load offset=48 (local.get $from)))))
          (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
        (v128.store (i32.add (local.get $sum) (local.get $c)) (local.get $a))
        (v128.store offset=16 (i32.add (local.get $sum) (local.get $c)) (local.get $b))
        (v128.store offset=32 (i32.add (local.get $sum) (local.get $c)) (local.get $d))
        (v128.store offset=48 (i32.add (local.get $sum) (local.get $c)) (local.get $e))
        (local.set $c (i32.add (local.get $c) (i32.const 64)))
        (br $wide)))
    (block $done
      (loop $narrow
        (br_if $done (i32.ge_u (local.get $c) (local.get $end)))
        (local.set $a (v128.load (i32.add (local.get $sum) (local.get $c))))
        (local.set $i (i32.const 0))
        (loop $each
          (local.set $w (v128.load32_splat (i32.add (local.get $weights) (i32.shl (local.get $i) (i32.const 2)))))
          (local.set $from (i32.add (i32.add (local.get $x) (local.get $c))
            (i32.mul (local.get $end) (i32.load (i32.add (local.get $rows) (i32.shl (local.get $i) (i32.const 2)))))))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w) (v128.load (local.get $from)))))
          (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
        (v128.store (i32.add (local.get $sum) (local.get $c)) (local.get $a))
        (local.set $c (i32.add (local.get $c) (i32.const 16)))
        (br $narrow))))

  ;; Adam over `count` numbers in place (lazy_adam.ts): m = kept1 m + new1 g, v = kept2 v + new2 g g, p = decay p - rate m / (sqrt(v) root + eps),
  ;; with g the gradient times clip.
  (func (export "adam") (param $p i32) (param $m i32) (param $v i32) (param $g i32) (param $count i32) (param $clip f32)
    (param $kept1 f32) (param $new1 f32) (param $kept2 f32) (param $new2 f32) (param $rate f32) (param $root f32) (param $eps f32) (param $decay f32)
    (local $c i32) (local $end i32) (local $gg v128) (local $mm v128) (local $vv v128)
    (local.set $end (i32.shl (local.get $count) (i32.const 2)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $c) (local.get $end)))
        (local.set $gg (f32x4.mul (f32x4.splat (local.get $clip)) (v128.load (i32.add (local.get $g) (local.get $c)))))
        (local.set $mm (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $kept1)) (v128.load (i32.add (local.get $m) (local.get $c))))
          (f32x4.mul (f32x4.splat (local.get $new1)) (local.get $gg))))
        (local.set $vv (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $kept2)) (v128.load (i32.add (local.get $v) (local.get $c))))
          (f32x4.mul (f32x4.splat (local.get $new2)) (f32x4.mul (local.get $gg) (local.get $gg)))))
        (v128.store (i32.add (local.get $m) (local.get $c)) (local.get $mm))
        (v128.store (i32.add (local.get $v) (local.get $c)) (local.get $vv))
        (v128.store (i32.add (local.get $p) (local.get $c)) (f32x4.sub
          (f32x4.mul (f32x4.splat (local.get $decay)) (v128.load (i32.add (local.get $p) (local.get $c))))
          (f32x4.div
            (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $mm))
            (f32x4.add (f32x4.mul (f32x4.sqrt (local.get $vv)) (f32x4.splat (local.get $root))) (f32x4.splat (local.get $eps))))))
        (local.set $c (i32.add (local.get $c) (i32.const 16)))
        (br $next)))))
