using System.Collections.Frozen;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of its module math.</summary>
internal static class MathFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["CDist"] = call => Ops.Cdist(call.Tensor(0, "x"), call.Tensor(1, "y")),
        ["Erf"] = Unary(Ops.Erf),
        ["Erfc"] = Unary(x => 1 - Ops.Erf(x)),
        ["Erfinv"] = Unary(Ops.Erfinv),
        ["ExtractSequences"] = Of((x, call) => Ops.ExtractSequences(x, call.Integer("sequence_length", 0), call.Integer("sequence_stride", 0))),
        ["FFT"] = call => Both(Ops.Fft(Complex(call))),
        ["FFT2"] = call => Both(Ops.Fft2(Complex(call))),
        ["IFFT2"] = call => Both(Ops.Ifft2(Complex(call))),
        ["IRFFT"] = call => Ops.Irfft(Complex(call), OptionalInteger(call, "fft_length")),
        ["ISTFT"] = Istft,
        ["InTopK"] = call => Ops.InTopK(Integers(call.Tensor(0, "targets")), call.Tensor(1, "predictions"), call.Integer("k", 1)),
        ["Logdet"] = Unary(x => Ops.SLogDet(x).LogDet),
        ["Logsumexp"] = Reduction(Ops.LogSumExp),
        ["RFFT"] = call => Both(Ops.Rfft(call.Tensor(0, "x"), OptionalInteger(call, "fft_length"))),
        ["Rsqrt"] = Unary(Ops.Rsqrt),
        ["STFT"] = Stft,
        ["SegmentMax"] = Segments(Ops.SegmentMax),
        ["SegmentMin"] = Segments(Ops.SegmentMin),
        ["SegmentProd"] = Segments(Ops.SegmentProd),
        ["SegmentSum"] = Segments(Ops.SegmentSum),
        ["TopK"] = TopK,
    }.ToFrozenDictionary();

    private static SymbolicTensors TopK(FunctionArguments call)
    {
        call.Ignore("sorted", "is_stable");
        return Both(Ops.TopK(call.Tensor(0, "x"), call.Integer("k", 1)));
    }

    private static Rule Segments(Func<SymbolicTensor, SymbolicTensor, int, SymbolicTensor> function) => call =>
    {
        call.Ignore("sorted");
        return call.Config("num_segments") is { IsNull: false } count
            ? function(call.Tensor(0, "data"), call.Tensor(1, "segment_ids"), count.Integer("num_segments"))
            : throw new ModelException("num_segments is None, so the data decides on the number of segments. Give num_segments.");
    };

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) Complex(FunctionArguments call) => call.Tensors(0, "x") is [var real, var imaginary]
        ? (real, imaginary)
        : throw new ModelException("x is one tensor; expected a pair, real and imaginary part.");

    private static SymbolicTensors Stft(FunctionArguments call)
    {
        var length = call.Integer("sequence_length", 0);
        return Both(Ops.Stft(
            call.Tensor(0, "x"), length, call.Integer("sequence_stride", 0), call.Integer("fft_length", 0), Window(call, length), call.Flag("center", true)));
    }

    private static SymbolicTensors Istft(FunctionArguments call)
    {
        var length = call.Integer("sequence_length", 0);
        return Ops.Istft(
            Complex(call),
            length,
            call.Integer("sequence_stride", 0),
            call.Integer("fft_length", 0),
            OptionalInteger(call, "length"),
            Window(call, length),
            call.Flag("center", true));
    }

    /// <summary>A window by its name: a cosine over one period, whose last number would be its first.</summary>
    private static double[] Window(FunctionArguments call, int length)
    {
        return call.Config("window") switch
        {
            { IsNull: true } => [.. Enumerable.Repeat(1.0, length)],
            CallValue.Literal { Value: "hann" } => Cosine(0.5),
            CallValue.Literal { Value: "hamming" } => Cosine(0.54),
            CallValue.List list => [.. list.Items.Select(item => (double)item.Number("window"))],
            var other => throw new ModelException($"window is {other}; expected 'hann', 'hamming', None or a list of numbers."),
        };

        double[] Cosine(double mean) => [.. Enumerable.Range(0, length).Select(i => mean - ((1 - mean) * Math.Cos(Math.Tau * i / length)))];
    }
}
