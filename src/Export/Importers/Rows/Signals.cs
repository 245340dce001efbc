using OnnxFunctional.Initializers;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Windows of signals, and weights of their spectra: known numbers.</summary>
internal static class Signals
{
    private const int MostElements = 1 << 26;

    /// <summary>A window <c>a0 - a1 cos(x) + a2 cos(2 x)</c>.</summary>
    public static Importer Window(params double[] factors) => node =>
    {
        var given = Single(node, 0, "its size");
        var size = given is >= 0 and <= MostElements ? (int)given : throw new ModelException($"its size is {given}; expected 0 to {MostElements}.");
        var isPeriodic = node.Flag("periodic", true);
        if (size == 1 && !isPeriodic) throw new ModelException("it is a symmetric window of size 1, which has no values; expected at least 2.");
        node.Reserved([size], DType.Float32);
        var values = AnalysisWindows.OfCosines(factors, size, isPeriodic);
        return [Typed(node, Ops.Constant([size], Array.ConvertAll(values, value => (float)value)))];
    };

    public static FileResult[] Mel(FileNode node)
    {
        var (bins, length, rate) = ((long)Single(node, 0, "num_mel_bins"), (long)Single(node, 1, "dft_length"), (long)Single(node, 2, "sample_rate"));
        var (lower, upper) = (Single(node, 3, "lower_edge_hertz"), Single(node, 4, "upper_edge_hertz"));
        if (bins < 1 || length < 1 || rate < 1 || !(lower >= 0) || !(upper >= lower) || bins * (double)((length / 2) + 1) > MostElements)
            throw new ModelException($"it makes {bins} bins of {length} samples at {rate} Hz from {lower} to {upper} Hz; expected positive numbers in order.");
        var (low, high) = (MelOf(lower), MelOf(upper));
        var edges = new long[bins + 2];
        for (var i = 0; i < edges.Length; i++)
        {
            var hertz = 700 * (Math.Pow(10, (low + (i * (high - low) / edges.Length)) / 2595) - 1);
            edges[i] = (long)Math.Floor((length + 1) * hertz / rate);
        }

        var rows = (int)(length / 2) + 1;
        if (edges[^1] > rows) throw new ModelException($"its upper edge of {upper} Hz lies above half of the sample rate of {rate} Hz; expected at most half.");
        var values = new float[node.Reserved([rows, (int)bins], DType.Float32).ElementCount];
        for (var bin = 0; bin < bins; bin++)
        {
            var (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2]);
            if (left == center) Set(center, 1);
            else for (var j = left; j <= center; j++) Set(j, (float)(j - left) / (center - left));
            for (var j = center; j < right; j++) Set(j, (float)(right - j) / (right - center));

            void Set(long row, float value)
            {
                if (row < rows) values[(row * bins) + bin] = value;
            }
        }

        return [Typed(node, Ops.Constant([rows, (int)bins], values))];
    }

    private static double MelOf(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

    private static double Single(FileNode node, int input, string what) => node.Known(input, what) is { Shape.ElementCount: 1 } data
        ? data.Type == DType.Float32 ? DataMoves.Floats(data)[0] : DataMoves.Longs(data)[0]
        : throw new ModelException($"{what} is {node.ShapeOf(input)}; expected one number.");

    private static SymbolicTensor Typed(FileNode node, SymbolicTensor values)
    {
        var type = node.Int("output_datatype", 1);
        var held = StoredTensors.TypeOf(type) ?? throw new ModelException($"it gives {StoredTensors.NameOf(type)}; expected a float type, int32 or int64.");
        return Ops.Cast(values, held);
    }
}
