using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Cross-entropy of softmax(logits) in one go, from labels or from probabilities, forward and backward. Rows are independent.</summary>
internal static unsafe class CrossEntropyLoops
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary><c>loss[r] = log(sum(exp(logits[r]))) - logits[r, labels[r]]</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="labels">[rows]</param>
    /// <param name="loss">[rows]</param>
    /// <param name="logSums">[rows]: log(sum(exp)), which the backward pass wants.</param>
    /// <returns>The first row whose label is no class, or -1; such rows get NaN.</returns>
    public static int SparseForward<TLabel>(ReadOnlySpan<float> logits, ReadOnlySpan<TLabel> labels, Span<float> loss, Span<float> logSums)
        where TLabel : unmanaged, IBinaryInteger<TLabel>
    {
        if (loss.Length == 0) return -1;
        var classes = logits.Length / loss.Length;
        LogSumExpLoops.Rows(logits, classes, logSums);
        var wrong = -1;
        for (var row = 0; row < loss.Length; row++)
        {
            var label = long.CreateSaturating(labels[row]);
            if ((ulong)label < (ulong)classes)
            {
                loss[row] = logSums[row] - logits[(row * classes) + (int)label];
                continue;
            }

            loss[row] = float.NaN;
            if (wrong < 0) wrong = row;
        }

        return wrong;
    }

    /// <summary><c>dlogits[r, c] = (exp(logits[r, c] - logSums[r]) - (c == labels[r])) * dloss[r]</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="labels">[rows]</param>
    /// <param name="logSums">[rows]: of the forward pass.</param>
    /// <param name="dloss">[rows]</param>
    /// <param name="dlogits">[rows, classes]; may be the logits.</param>
    public static void SparseBackward<TLabel>(
        ReadOnlySpan<float> logits, ReadOnlySpan<TLabel> labels, ReadOnlySpan<float> logSums, ReadOnlySpan<float> dloss, Span<float> dlogits)
        where TLabel : unmanaged, IBinaryInteger<TLabel>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, dlogits.Length);
        if (dloss.Length == 0) return;
        var classes = logits.Length / dloss.Length;
        fixed (float* source = logits, target = dlogits)
        {
            for (var row = 0; row < dloss.Length; row++)
            {
                var start = (nint)row * classes;
                if (Vector512.IsHardwareAccelerated) ScaledSoftmax<V512>(source + start, classes, logSums[row], dloss[row], target + start);
                else if (Vector256.IsHardwareAccelerated) ScaledSoftmax<V256>(source + start, classes, logSums[row], dloss[row], target + start);
                else ScaledSoftmax<V128>(source + start, classes, logSums[row], dloss[row], target + start);
                var label = long.CreateSaturating(labels[row]);
                if ((ulong)label < (ulong)classes) target[start + (nint)label] -= dloss[row];
            }
        }
    }

    /// <summary><c>loss[r] = sum over c of targets[r, c] * (log(sum(exp(logits[r]))) - logits[r, c])</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="targets">[rows, classes]</param>
    /// <param name="loss">[rows]</param>
    /// <param name="logSums">[rows]: log(sum(exp)), which the backward pass wants.</param>
    public static void DenseForward(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, Span<float> loss, Span<float> logSums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, targets.Length);
        if (loss.Length == 0) return;
        var classes = logits.Length / loss.Length;
        LogSumExpLoops.Rows(logits, classes, logSums);
        fixed (float* source = logits, wanted = targets)
        {
            for (var row = 0; row < loss.Length; row++)
            {
                var start = (nint)row * classes;
                if (Vector512.IsHardwareAccelerated) loss[row] = DenseRow<V512>(source + start, wanted + start, classes, logSums[row]);
                else if (Vector256.IsHardwareAccelerated) loss[row] = DenseRow<V256>(source + start, wanted + start, classes, logSums[row]);
                else loss[row] = DenseRow<V128>(source + start, wanted + start, classes, logSums[row]);
            }
        }
    }

    /// <summary><c>dlogits[r, c] = (exp(logits[r, c] - logSums[r]) * sum(targets[r]) - targets[r, c]) * dloss[r]</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="targets">[rows, classes]; they need not sum to 1.</param>
    /// <param name="logSums">[rows]: of the forward pass.</param>
    /// <param name="dloss">[rows]</param>
    /// <param name="dlogits">[rows, classes]; may be the logits or the targets.</param>
    public static void DenseBackward(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, ReadOnlySpan<float> logSums, ReadOnlySpan<float> dloss, Span<float> dlogits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, dlogits.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(targets.Length, dlogits.Length);
        if (dloss.Length == 0) return;
        var classes = logits.Length / dloss.Length;
        fixed (float* source = logits, wanted = targets, target = dlogits)
        {
            for (var row = 0; row < dloss.Length; row++)
            {
                var start = (nint)row * classes;
                if (Vector512.IsHardwareAccelerated) DenseRowBackward<V512>(source + start, wanted + start, classes, logSums[row], dloss[row], target + start);
                else if (Vector256.IsHardwareAccelerated) DenseRowBackward<V256>(source + start, wanted + start, classes, logSums[row], dloss[row], target + start);
                else DenseRowBackward<V128>(source + start, wanted + start, classes, logSums[row], dloss[row], target + start);
            }
        }
    }

    [MethodImpl(Optimized)]
    private static void ScaledSoftmax<V>(float* logits, int classes, float logSum, float scale, float* destination) where V : struct, IVector<V>
    {
        var shift = V.Create(logSum);
        var factor = V.Create(scale);
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count) V.Store(VectorMath.Exp(V.Load(logits + i) - shift) * factor, destination + i);
        if (i < classes) V.Store(VectorMath.Exp(V.Load(logits + i, classes - i) - shift) * factor, destination + i, classes - i);
    }

    [MethodImpl(Optimized)]
    private static float DenseRow<V>(float* logits, float* targets, int classes, float logSum) where V : struct, IVector<V>
    {
        var shift = V.Create(logSum);
        var sum = V.Zero;
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count) sum += Term(V.Load(logits + i), V.Load(targets + i), shift);
        if (i < classes) sum += Term(V.Load(logits + i, classes - i), V.Load(targets + i, classes - i), shift);
        return V.Sum(sum);
    }

    // A class that cannot be, with a logit of minus infinity and a target of 0, adds nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Term<V>(V logits, V targets, V logSum) where V : struct, IVector<V> =>
        V.Select(V.Equals(targets, V.Zero), V.Zero, targets * (logSum - logits));

    [MethodImpl(Optimized)]
    private static void DenseRowBackward<V>(float* logits, float* targets, int classes, float logSum, float scale, float* destination) where V : struct, IVector<V>
    {
        var shift = V.Create(logSum);
        var factor = V.Create(scale);
        var weight = V.Create(ReduceLoops.Run<V, SumReduce>(targets, classes) * scale);
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count)
        {
            V.Store((VectorMath.Exp(V.Load(logits + i) - shift) * weight) - (V.Load(targets + i) * factor), destination + i);
        }

        if (i >= classes) return;
        var rest = classes - i;
        V.Store((VectorMath.Exp(V.Load(logits + i, rest) - shift) * weight) - (V.Load(targets + i, rest) * factor), destination + i, rest);
    }
}
