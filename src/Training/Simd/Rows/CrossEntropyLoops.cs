using System.Numerics;
using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Cross-entropy of softmax(logits) in a single pass, for labels or probabilities as targets, forward and backward. Rows are independent.</summary>
/// <remarks>
/// The largest logit is subtracted first, then the logarithm of the sum: in one number with a large logit it would be lost.
/// </remarks>
internal static unsafe class CrossEntropyLoops
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary><c>loss[r] = log(sum(exp(logits[r] - largest[r]))) - (logits[r, labels[r]] - largest[r])</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="labels">[rows]</param>
    /// <param name="loss">[rows]</param>
    /// <param name="largest">[rows]: the largest logits, for the backward pass.</param>
    /// <param name="logSums">[rows]: log(sum(exp(logits - largest))), for the backward pass.</param>
    /// <returns>The first row whose label is out of range, or -1. The loss of such rows is NaN.</returns>
    public static int SparseForward<TLabel>(
        ReadOnlySpan<float> logits, ReadOnlySpan<TLabel> labels, Span<float> loss, Span<float> largest, Span<float> logSums)
        where TLabel : unmanaged, IBinaryInteger<TLabel>
    {
        if (loss.Length == 0) return -1;
        var classes = logits.Length / loss.Length;
        LogSumExpLoops.Parts(logits, classes, largest, logSums);
        var wrong = -1;
        for (var row = 0; row < loss.Length; row++)
        {
            var label = long.CreateSaturating(labels[row]);
            if ((ulong)label < (ulong)classes)
            {
                loss[row] = logSums[row] - (logits[(row * classes) + (int)label] - largest[row]);
                continue;
            }

            loss[row] = float.NaN;
            if (wrong < 0) wrong = row;
        }

        return wrong;
    }

    /// <summary><c>dlogits[r, c] = (exp(logits[r, c] - largest[r] - logSums[r]) - (c == labels[r])) * dloss[r]</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="labels">[rows]</param>
    /// <param name="largest">[rows]: of the forward pass.</param>
    /// <param name="logSums">[rows]: of the forward pass.</param>
    /// <param name="dloss">[rows]</param>
    /// <param name="dlogits">[rows, classes]; may be the logits.</param>
    public static void SparseBackward<TLabel>(
        ReadOnlySpan<float> logits, ReadOnlySpan<TLabel> labels, ReadOnlySpan<float> largest, ReadOnlySpan<float> logSums, ReadOnlySpan<float> dloss,
        Span<float> dlogits)
        where TLabel : unmanaged, IBinaryInteger<TLabel>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, dlogits.Length);
        if (dloss.Length == 0) return;
        var classes = logits.Length / dloss.Length;
        fixed (float* source = logits, shifts = largest, sums = logSums, scales = dloss, target = dlogits)
        fixed (TLabel* label = labels)
        {
            VectorDispatch.Run(new SparseBackwardLoop<TLabel>(source, label, shifts, sums, scales, dloss.Length, classes, target));
        }
    }

    /// <summary><c>loss[r] = sum over c of targets[r, c] * (log(sum(exp(logits[r] - largest[r]))) - (logits[r, c] - largest[r]))</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="targets">[rows, classes]</param>
    /// <param name="loss">[rows]</param>
    /// <param name="largest">[rows]: the largest logits, for the backward pass.</param>
    /// <param name="logSums">[rows]: log(sum(exp(logits - largest))), for the backward pass.</param>
    public static void DenseForward(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, Span<float> loss, Span<float> largest, Span<float> logSums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, targets.Length);
        if (loss.Length == 0) return;
        var classes = logits.Length / loss.Length;
        LogSumExpLoops.Parts(logits, classes, largest, logSums);
        fixed (float* source = logits, wanted = targets, shifts = largest, sums = logSums, result = loss)
        {
            VectorDispatch.Run(new DenseForwardLoop(source, wanted, shifts, sums, loss.Length, classes, result));
        }
    }

    /// <summary><c>dlogits[r, c] = (exp(logits[r, c] - largest[r] - logSums[r]) * sum(targets[r]) - targets[r, c]) * dloss[r]</c></summary>
    /// <param name="logits">[rows, classes]</param>
    /// <param name="targets">[rows, classes]; they need not sum to 1.</param>
    /// <param name="largest">[rows]: of the forward pass.</param>
    /// <param name="logSums">[rows]: of the forward pass.</param>
    /// <param name="dloss">[rows]</param>
    /// <param name="dlogits">[rows, classes]; may be the logits or the targets.</param>
    public static void DenseBackward(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, ReadOnlySpan<float> largest, ReadOnlySpan<float> logSums, ReadOnlySpan<float> dloss,
        Span<float> dlogits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, dlogits.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(targets.Length, dlogits.Length);
        if (dloss.Length == 0) return;
        var classes = logits.Length / dloss.Length;
        fixed (float* source = logits, wanted = targets, shifts = largest, sums = logSums, scales = dloss, target = dlogits)
        {
            VectorDispatch.Run(new DenseBackwardLoop(source, wanted, shifts, sums, scales, dloss.Length, classes, target));
        }
    }

    [MethodImpl(Optimized)]
    private static void ScaledSoftmax<V>(float* logits, int classes, float largest, float logSum, float scale, float* destination)
        where V : struct, IVector<V>
    {
        var first = V.Create(largest);
        var shift = V.Create(logSum);
        var factor = V.Create(scale);
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count) V.Store(VectorMath.Exp(V.Load(logits + i) - first - shift) * factor, destination + i);
        if (i < classes) V.Store(VectorMath.Exp(V.Load(logits + i, classes - i) - first - shift) * factor, destination + i, classes - i);
    }

    [MethodImpl(Optimized)]
    private static float DenseRow<V>(float* logits, float* targets, int classes, float largest, float logSum) where V : struct, IVector<V>
    {
        var first = V.Create(largest);
        var shift = V.Create(logSum);
        var sum = V.Zero;
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count) sum += Term(V.Load(logits + i) - first, V.Load(targets + i), shift);
        if (i < classes) sum += Term(V.Load(logits + i, classes - i) - first, V.Load(targets + i, classes - i), shift);
        return V.Sum(sum);
    }

    // An impossible class, with a logit of minus infinity and a target of 0, adds nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Term<V>(V logits, V targets, V logSum) where V : struct, IVector<V> =>
        V.Select(V.Equals(targets, V.Zero), V.Zero, targets * (logSum - logits));

    [MethodImpl(Optimized)]
    private static void DenseRowBackward<V>(float* logits, float* targets, int classes, float largest, float logSum, float scale, float* destination)
        where V : struct, IVector<V>
    {
        var first = V.Create(largest);
        var shift = V.Create(logSum);
        var factor = V.Create(scale);
        var weight = V.Create(ReduceLoops.Run<V, SumReduce>(targets, classes) * scale);
        var i = 0;
        for (; i <= classes - V.Count; i += V.Count)
        {
            V.Store((VectorMath.Exp(V.Load(logits + i) - first - shift) * weight) - (V.Load(targets + i) * factor), destination + i);
        }

        if (i >= classes) return;
        var rest = classes - i;
        V.Store((VectorMath.Exp(V.Load(logits + i, rest) - first - shift) * weight) - (V.Load(targets + i, rest) * factor), destination + i, rest);
    }

    private readonly struct SparseBackwardLoop<TLabel>(
        float* logits, TLabel* labels, float* largest, float* logSums, float* dloss, int rows, int classes, float* dlogits) : IVectorLoop
        where TLabel : unmanaged, IBinaryInteger<TLabel>
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++)
            {
                var target = dlogits + (row * classes);
                ScaledSoftmax<V>(logits + (row * classes), classes, largest[row], logSums[row], dloss[row], target);
                var label = long.CreateSaturating(labels[row]);
                if ((ulong)label < (ulong)classes) target[label] -= dloss[row];
            }
        }
    }

    private readonly struct DenseForwardLoop(float* logits, float* targets, float* largest, float* logSums, int rows, int classes, float* loss) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++)
            {
                var start = row * classes;
                loss[row] = DenseRow<V>(logits + start, targets + start, classes, largest[row], logSums[row]);
            }
        }
    }

    private readonly struct DenseBackwardLoop(
        float* logits, float* targets, float* largest, float* logSums, float* dloss, int rows, int classes, float* dlogits) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++)
            {
                var start = row * classes;
                DenseRowBackward<V>(logits + start, targets + start, classes, largest[row], logSums[row], dloss[row], dlogits + start);
            }
        }
    }
}
