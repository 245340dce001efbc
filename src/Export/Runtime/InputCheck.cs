namespace OnnxFunctional.Export.Runtime;

/// <summary>Compares given values with a model's inputs before ONNX Runtime sees them: some of its kernels notice a missing input only while running.</summary>
internal static class InputCheck
{
    public static void Check(
        string source,
        IReadOnlyList<OnnxTensorInfo> expected,
        IReadOnlyList<OnnxTensorInfo> optional,
        IReadOnlyList<string> names,
        IReadOnlyList<OnnxValue> values,
        FragileOperators fragile)
    {
        if (names.Count != values.Count)
            throw new ArgumentException($"{names.Count} input names and {values.Count} values were given for {source}. Pass one value per name.");

        for (var i = 0; i < names.Count; i++)
        {
            if (!expected.Concat(optional).Any(input => input.Name == names[i]))
                throw new ArgumentException($"{source} has no input '{names[i]}'. It takes {List(expected)}.");
            for (var j = 0; j < i; j++)
            {
                if (names[j] == names[i]) throw new ArgumentException($"Input '{names[i]}' of {source} was given twice. Pass it once.");
            }
        }

        var symbols = new Dictionary<string, (long Length, string Input)>(StringComparer.Ordinal);
        foreach (var input in expected.Concat(optional.Where(input => IndexOf(names, input.Name) >= 0)))
        {
            var index = IndexOf(names, input.Name);
            if (index < 0) throw new ArgumentException($"Input '{input.Name}' of {source} is missing. It takes {List(expected)}.");
            if (values[index] is not { } value) throw new ArgumentException($"Input '{input.Name}' of {source} is null. Pass a {input}.");
            CheckTypeAndShape(source, input, value);
            CheckSymbols(source, input, value, symbols);
            fragile.Check(source, input, value);
        }
    }

    private static void CheckTypeAndShape(string source, OnnxTensorInfo input, OnnxValue value)
    {
        var received = $"Input '{input.Name}' of {source} expects {OnnxElementType.NameOf(input.ElementType)}{input.ShapeText}, received {value}: ";
        if (value.ElementType != input.ElementType)
            throw new ArgumentException($"{received}the element types differ. Convert the tensor to {OnnxElementType.NameOf(input.ElementType)} first.");

        // No dimensions: a scalar, or a rank that the file leaves open; ONNX Runtime knows which.
        if (input.Dimensions.Count == 0) return;
        if (value.Lengths.Length != input.Dimensions.Count)
        {
            var remedy = value.Lengths.Length == input.Dimensions.Count - 1
                ? $"Add the batch dimension: [{string.Join(", ", value.LengthArray.Prepend(1))}]."
                : "Reshape the tensor.";
            throw new ArgumentException($"{received}expected {input.Dimensions.Count} dimensions, but got {value.Lengths.Length}. {remedy}");
        }

        for (var axis = 0; axis < input.Dimensions.Count; axis++)
        {
            if (input.Dimensions[axis].Value is { } length && length != value.Lengths[axis])
                throw new ArgumentException($"{received}dimension {axis} must be {length}. Pass a tensor of that shape.");
        }
    }

    private static void CheckSymbols(string source, OnnxTensorInfo input, OnnxValue value, Dictionary<string, (long Length, string Input)> symbols)
    {
        for (var axis = 0; axis < input.Dimensions.Count; axis++)
        {
            if (input.Dimensions[axis].Name is not { } symbol) continue;
            var length = (long)value.Lengths[axis];
            if (symbols.TryAdd(symbol, (length, input.Name)) || symbols[symbol].Length == length) continue;
            throw new ArgumentException(
                $"Input '{input.Name}' of {source} expects {OnnxElementType.NameOf(input.ElementType)}{input.ShapeText}, received {value}: "
                + $"'{symbol}' is {length} here and {symbols[symbol].Length} in '{symbols[symbol].Input}'. Pass tensors that agree on it.");
        }
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }

        return -1;
    }

    private static string List(IReadOnlyList<OnnxTensorInfo> inputs) => inputs.Count == 0 ? "no inputs" : string.Join("; ", inputs);
}
