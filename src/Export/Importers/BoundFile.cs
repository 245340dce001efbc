using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>A file whose inputs are those of the model: what is fixed, or has a stored value, is no input.</summary>
internal static class BoundFile
{
    public static ModelProto Of(ModelProto file, ImportOptions options)
    {
        var stored = file.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var gone = file.Graph.Input.Where(input => stored.Contains(input.Name) || options.Bindings.ContainsKey(input.Name)).ToList();
        if (gone.Count == 0) return file;
        var result = file.Clone();

        // Before version 4 of the format, what is stored had to be an input too.
        result.IrVersion = Math.Max(result.IrVersion, 4);
        foreach (var input in gone)
        {
            result.Graph.Input.Remove(input);
            if (!options.Bindings.TryGetValue(input.Name, out var value)) continue;
            var data = InputValues.Of(value, input);
            result.Graph.Initializer.Add(new TensorProto
            {
                Name = input.Name,
                DataType = OnnxGraph.ElementType(data.Type),
                Dims = { data.Shape.Dims.ToArray().Select(dim => (long)dim) },
                RawData = Google.Protobuf.ByteString.CopyFrom(data.Bytes),
            });
        }

        return result;
    }
}
