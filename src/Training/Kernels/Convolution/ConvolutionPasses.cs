using OnnxFunctional.Training.Simd;


namespace OnnxFunctional.Training.Kernels;

/// <summary>A tap of a kernel along one axis, and how far from a position it reads.</summary>
internal readonly record struct ConvolutionTap(int Kernel, int Shift);

/// <summary>One phase of one axis: the positions <c>Origin + q * step</c> of the destination, which all read the same taps.</summary>
internal sealed record ConvolutionAxisPhase(int Origin, int Count, ConvolutionTap[] Taps)
{
    /// <summary>Whether neighbouring taps read neighbouring places.</summary>
    public bool IsConsecutive
    {
        get
        {
            for (var i = 1; i < Taps.Length; i++)
                if (Taps[i].Shift != Taps[i - 1].Shift + 1) return false;
            return Taps.Length > 0;
        }
    }
}

/// <summary>One axis of a pass with its phases.</summary>
internal sealed record ConvolutionAxisPlan(ConvAxis Axis, ConvolutionAxisPhase[] Phases)
{
    /// <summary>From input to output: <c>shift(i) = i * dilation - pad</c>, all positions alike.</summary>
    public static ConvolutionAxisPlan Forward(WindowAxis axis)
    {
        var taps = new ConvolutionTap[axis.Kernel];
        for (var i = 0; i < taps.Length; i++) taps[i] = new(i, i * axis.Dilation - axis.PadBegin);
        var span = (axis.Kernel - 1) * axis.Dilation + 1;
        return new(new(axis.Input, axis.Output, axis.Stride, 1, axis.Output, -axis.PadBegin, span), [new(0, axis.Output, taps)]);
    }

    /// <summary>From output to input: <c>p = origin + q * stride</c> reads <c>(p + pad - i * dilation) / stride</c> where that is whole, which is <c>q + shift</c> with the same taps for all <c>q</c>.</summary>
    public static ConvolutionAxisPlan Transposed(WindowAxis axis)
    {
        var phases = new ConvolutionAxisPhase[Math.Min(axis.Stride, axis.Input)];
        var (least, most) = (int.MaxValue, int.MinValue);
        for (var origin = 0; origin < phases.Length; origin++)
        {
            var taps = new List<ConvolutionTap>();
            for (var i = axis.Kernel - 1; i >= 0; i--)
            {
                var distance = origin + axis.PadBegin - i * axis.Dilation;
                if (distance % axis.Stride != 0) continue;
                var shift = distance / axis.Stride;
                taps.Add(new(i, shift));
                (least, most) = (Math.Min(least, shift), Math.Max(most, shift));
            }

            phases[origin] = new(origin, (axis.Input - origin + axis.Stride - 1) / axis.Stride, [.. taps]);
        }

        if (least > most) (least, most) = (0, 0);
        return new(new(axis.Output, axis.Input, 1, axis.Stride, (axis.Input + axis.Stride - 1) / axis.Stride, least, most - least + 1), phases);
    }
}

/// <summary>What tasks should be: near so many pixels, no wider than so many columns, and not fewer than so many.</summary>
internal readonly record struct ConvolutionCut(int Pixels, int Columns, int Tasks);

/// <summary>Turns a geometry into the numbers that the convolution loops run on.</summary>
internal static class ConvolutionPasses
{
    // Enough pixels that a panel fetched from the second-level cache serves several tiles, few enough that band, panel and result stay there together.
    private const int PixelsPerTask = 256;
    private const int MaxBandColumns = 384;

    // 20 microseconds at about 100 GFLOP/s.
    private const double OperationsPerTask = 2e6;

    /// <summary>The pass from input to output.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry) => Forward(geometry, Cut(geometry), mayBeNarrow: true);

    /// <summary>The forward pass with tasks cut as given; only with <paramref name="mayBeNarrow"/> may it choose the form for few channels.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry, ConvolutionCut cut, bool mayBeNarrow) => new ConvolutionPassBuilder(
        geometry, geometry.InputChannels, geometry.OutputChannels, geometry.IsDepthwise ? geometry.GroupOutput : 1,
        ConvolutionAxisPlan.Forward(geometry.Depth), ConvolutionAxisPlan.Forward(geometry.Height), ConvolutionAxisPlan.Forward(geometry.Width), cut, mayBeNarrow).Build();

    /// <summary>The pass from the gradient of the output to the gradient of the input, which is also a transposed convolution.</summary>
    public static ConvPass InputGradient(ConvolutionGeometry geometry) => new ConvolutionPassBuilder(
        geometry, geometry.OutputChannels, geometry.InputChannels, 1,
        ConvolutionAxisPlan.Transposed(geometry.Depth), ConvolutionAxisPlan.Transposed(geometry.Height), ConvolutionAxisPlan.Transposed(geometry.Width), Cut(geometry), true).Build();

    // So many tasks that threads do not idle, if there is work for them.
    private static ConvolutionCut Cut(ConvolutionGeometry geometry) =>
        new(PixelsPerTask, MaxBandColumns, (int)Math.Clamp(geometry.Operations / OperationsPerTask, 1, 64));
}
