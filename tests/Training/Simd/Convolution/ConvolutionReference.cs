using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Convolution and its gradients as plain loops in double precision: every product is visited once and added where it belongs.</summary>
internal static class ConvolutionReference
{
    /// <summary>Visits all products <c>in[i] * kernel[k] -> out[o]</c>.</summary>
    public static void Visit(ConvolutionGeometry g, Action<long, long, long> product)
    {
        for (long pixel = 0; pixel < g.OutputLength / g.OutputChannels; pixel++)
        {
            var ox = (int)(pixel % g.Width.Output);
            var oy = (int)(pixel / g.Width.Output % g.Height.Output);
            var oz = (int)(pixel / g.Width.Output / g.Height.Output % g.Depth.Output);
            var n = pixel / g.Width.Output / g.Height.Output / g.Depth.Output;
            for (var tap = 0; tap < g.Taps; tap++)
            {
                var z = Place(g.Depth, oz, tap / g.Width.Kernel / g.Height.Kernel);
                var y = Place(g.Height, oy, tap / g.Width.Kernel % g.Height.Kernel);
                var x = Place(g.Width, ox, tap % g.Width.Kernel);
                if (z < 0 || y < 0 || x < 0) continue;
                var input = (((n * g.Depth.Input + z) * g.Height.Input + y) * g.Width.Input + x) * g.InputChannels;
                for (var o = 0; o < g.OutputChannels; o++)
                {
                    var group = o / g.GroupOutput;
                    for (var c = 0; c < g.GroupInput; c++)
                        product(input + group * g.GroupInput + c, ((long)tap * g.GroupInput + c) * g.OutputChannels + o, pixel * g.OutputChannels + o);
                }
            }
        }
    }

    /// <summary>The input position under a tap of the window, or -1 if it is in the padding.</summary>
    public static int Place(WindowAxis axis, int output, int tap)
    {
        var place = output * axis.Stride + tap * axis.Dilation - axis.PadBegin;
        return place < axis.Input ? place : -1;
    }

    public static double[] Forward(ConvolutionGeometry g, float[] input, float[] kernel)
    {
        var output = new double[g.OutputLength];
        Visit(g, (i, k, o) => output[o] += (double)input[i] * kernel[k]);
        return output;
    }

    public static double[] InputGradient(ConvolutionGeometry g, float[] gradient, float[] kernel)
    {
        var input = new double[g.InputLength];
        Visit(g, (i, k, o) => input[i] += (double)gradient[o] * kernel[k]);
        return input;
    }

    public static double[] WeightGradient(ConvolutionGeometry g, float[] input, float[] gradient)
    {
        var kernel = new double[g.KernelLength];
        Visit(g, (i, k, o) => kernel[k] += (double)gradient[o] * input[i]);
        return kernel;
    }
}
