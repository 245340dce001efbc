using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>A tap of a kernel along one axis, and the distance from a position to the place it reads.</summary>
internal readonly record struct ConvolutionTap(int Kernel, int Shift);

/// <summary>One phase of an axis: the positions <c>Origin + q * step</c> of the destination, which all read the same taps.</summary>
internal sealed record ConvolutionAxisPhase(int Origin, int Count, ConvolutionTap[] Taps)
{
    /// <summary>Whether neighboring taps read neighboring places.</summary>
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

/// <summary>One axis of a pass, with its phases.</summary>
internal sealed record ConvolutionPassAxis(ConvAxis Axis, ConvolutionAxisPhase[] Phases)
{
    /// <summary>From input to output: <c>shift(i) = i * dilation - pad</c> for all positions.</summary>
    public static ConvolutionPassAxis Forward(WindowAxis axis)
    {
        var taps = new ConvolutionTap[axis.Kernel];
        for (var i = 0; i < taps.Length; i++) taps[i] = new(i, i * axis.Dilation - axis.PadBegin);
        var span = (axis.Kernel - 1) * axis.Dilation + 1;
        return new(new(axis.Input, axis.Output, axis.Stride, 1, axis.Output, -axis.PadBegin, span), [new(0, axis.Output, taps)]);
    }

    /// <summary>
    /// From output to input: position <c>p = origin + q * stride</c> reads place <c>(p + pad - i * dilation) / stride</c> if that is a whole number.
    /// This is <c>q + shift</c>, with the same taps for all <c>q</c>.
    /// </summary>
    public static ConvolutionPassAxis Transposed(WindowAxis axis)
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
