using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Export.Serving;

/// <summary>The inputs of a file, and what is computed from each for the model's: another order of axes, images as bytes, fixed sizes.</summary>
internal sealed class ServedInputs
{
    private readonly Dictionary<Value, Value> _stands = [];

    /// <param name="model">The model.</param>
    /// <param name="inputs">Its inputs in the graph.</param>
    /// <param name="names">Their names in the file, which those of dimensions begin with.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="problems">Receives what does not fit, a sentence each.</param>
    public ServedInputs(Model model, IReadOnlyList<Value> inputs, ServedNames names, ExportOptions options, List<string> problems)
    {
        var images = options.Images is { } asked ? Images(model, inputs, asked, problems) : null;
        if (options.ChannelsFirst && inputs.All(input => input.Spec.Shape.Rank < 4))
            problems.Add($"ExportOptions.ChannelsFirst: no input has axes of images; the model takes {Listed(model)}.");
        (string Name, Shape Shape)[] open = [.. inputs.Select((input, i) => (names.Of(model.InputNames[i]), Stored(input)))];
        var dimensions = DimensionNames.Of(open, options.BatchName);
        var unknown = options.Sizes.Keys.Except(dimensions.Values).ToList();
        if (unknown.Count > 0)
        {
            problems.Add($"ExportOptions.Sizes names {string.Join(", ", unknown.Select(name => $"'{name}'"))}; expected names of open dimensions: "
                + $"{(dimensions.Count == 0 ? "there are none" : string.Join(", ", dimensions.Values))}.");
        }

        foreach (var (name, size) in options.Sizes.Where(entry => entry.Value < 1))
            problems.Add($"ExportOptions.Sizes['{name}'] is {size}; expected 1 or more.");
        OfFile = [.. inputs.Select((input, i) => (model.InputNames[i], File(input, open[i].Shape)))];

        // The shape that the file states for an input.
        Shape Stored(Value input)
        {
            var shape = input.Spec.Shape;
            if (input == images && options.Images!.Resize) shape = shape.With(1, Shape.NewSymbol()).With(2, Shape.NewSymbol());
            return Turns(input) ? Shape.Of([shape.Symbols[0], shape.Symbols[^1], .. shape.Symbols[1..^1]]) : shape;
        }

        Value File(Value input, Shape shape)
        {
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                if (dimensions.TryGetValue(shape.Symbols[axis], out var name) && options.Sizes.TryGetValue(name, out var size) && size > 0)
                    shape = shape.With(axis, size);
            }

            var type = input == images ? DType.UInt8 : input.Spec.Type;
            if (type == input.Spec.Type && shape.Symbols.SequenceEqual(input.Spec.Shape.Symbols)) return input;
            var file = new InputLayer(shape, type, null).Tensor;
            var x = Turns(input) ? Ops.Transpose(file, [0, .. Enumerable.Range(2, shape.Rank - 2), 1]) : file;
            if (input == images) x = Numbers(x, input.Spec.Shape, options.Images!);
            _stands[input] = x.Value;
            return file.Value;
        }

        bool Turns(Value input) => options.ChannelsFirst && input.Spec.Shape.Rank >= 4;
    }

    /// <summary>The inputs of the file.</summary>
    public IReadOnlyList<(string Name, Value Value)> OfFile { get; }

    /// <summary>For inputs of the graph, what stands for them.</summary>
    public IReadOnlyDictionary<Value, Value> Stands => _stands;

    /// <summary>The input that takes images.</summary>
    private static Value? Images(Model model, IReadOnlyList<Value> inputs, ImageInput images, List<string> problems)
    {
        int[] fitting =
        [
            .. Enumerable.Range(0, inputs.Count).Where(i => inputs[i].Spec is { Type: DType.Float32, Shape: { Rank: 4 } shape }
                && shape[3] is not null && (images.Input is null || images.Input == model.InputNames[i])),
        ];
        if (fitting.Length != 1)
        {
            problems.Add($"ExportOptions.Images: {(fitting.Length == 0 ? "no input" : "more than one input")} takes images of a known number of channels as "
                + $"float32; the model takes {Listed(model)}. Name one in ImageInput.Input.");
            return null;
        }

        var input = inputs[fitting[0]];
        problems.AddRange(images.Problems(input.Spec.Shape.Dims[3]));
        if (!images.Resize || input.Spec.Shape.Slice(1, 2).IsKnown) return problems.Count == 0 ? input : null;
        problems.Add("ImageInput.Resize: the model takes images of any size already; leave it out.");
        return null;
    }

    /// <summary>The model's numbers from bytes.</summary>
    private static SymbolicTensor Numbers(SymbolicTensor bytes, Shape image, ImageInput options)
    {
        var x = Ops.Cast(bytes, DType.Float32);
        if (options.Resize) x = Operators.ImageSizes.Resized(x, image.Dims[1], image.Dims[2], options.Interpolation);
        var channels = Math.Max(Math.Max(options.Mean.Count, options.StandardDeviation.Count), 1);
        var (scales, shifts) = (new float[channels], new float[channels]);
        for (var i = 0; i < channels; i++)
        {
            var deviation = At(options.StandardDeviation, i, 1);
            (scales[i], shifts[i]) = ((float)(options.Scale / deviation), (float)(-At(options.Mean, i, 0) / deviation));
        }

        if (scales.Any(scale => scale != 1)) x *= Ops.Constant([channels], scales);
        return shifts.Any(shift => shift != 0) ? x + Ops.Constant([channels], shifts) : x;

        static double At(IReadOnlyList<double> numbers, int i, double otherwise) => numbers.Count == 0 ? otherwise : numbers[numbers.Count == 1 ? 0 : i];
    }

    private static string Listed(Model model) => string.Join(", ", model.InputNames.Select((name, i) => $"'{name}' {model.Inputs[i].Shape}"));
}
