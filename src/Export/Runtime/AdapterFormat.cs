using System.Runtime.InteropServices;
using Google.FlatBuffers;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Runtime;

/// <summary>One matrix of an adapter file.</summary>
/// <param name="Name">Its name, that of an input of the model's file.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements, row by row.</param>
internal sealed record AdapterMatrix(string Name, Shape Shape, float[] Values);

/// <summary>ONNX Runtime's format of adapters: a table of FlatBuffers, https://onnxruntime.ai/docs/genai/reference/adapter.html.</summary>
internal static class AdapterFormat
{
    private const string Ending = ".onnx_adapter";
    private const string Identifier = "TORT";
    private const int Version = 1;
    private const int Float = (int)TensorProto.Types.DataType.Float;

    // Files of adapters are small beside their models; ranks beyond this are matrices of no adapter.
    private const int MostMatrices = 1 << 16;

    // The fields of the tables are numbered in the order of the schema; FlatBuffers finds field n at 4 + 2 n of a table's directory.
    private const int FormatVersionField = 4;
    private const int ParametersField = 10;
    private const int NameField = 4;
    private const int DimsField = 6;
    private const int TypeField = 8;
    private const int DataField = 10;

    public static byte[] Write(IReadOnlyList<AdapterMatrix> matrices)
    {
        var builder = new FlatBufferBuilder(1024);
        var parameters = new int[matrices.Count];
        for (var i = 0; i < parameters.Length; i++) parameters[i] = Write(builder, matrices[i]);
        builder.StartVector(sizeof(int), parameters.Length, sizeof(int));
        for (var i = parameters.Length - 1; i >= 0; i--) builder.AddOffset(parameters[i]);
        var list = builder.EndVector().Value;
        builder.StartTable(4);
        builder.AddOffset(3, list, 0);
        builder.AddInt(2, 1, 0);
        builder.AddInt(1, 1, 0);
        builder.AddInt(0, Version, 0);
        builder.Finish(builder.EndTable(), Identifier);
        return builder.SizedByteArray();
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="OnnxFileException">It is missing, damaged, or holds something else.</exception>
    public static List<AdapterMatrix> Read(string path) => Parse(OnnxFileGuard.ReadContent(path, Ending), Path.GetFileName(path));

    /// <summary>The content of a file that fits the inputs of a model.</summary>
    /// <exception cref="OnnxFileException">It is missing, damaged, or does not.</exception>
    public static byte[] ReadFor(string path, ModelProto model)
    {
        var content = OnnxFileGuard.ReadContent(path, Ending);
        var name = Path.GetFileName(path);
        var inputs = model.Graph.Input.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        var defaults = model.Graph.Initializer.Where(tensor => inputs.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var matrix in Parse(content, name))
        {
            if (!defaults.TryGetValue(matrix.Name, out var input))
            {
                throw new OnnxFileException(
                    $"The adapter '{name}' is for a model with an input '{matrix.Name}' that has a default, which this model does not have. "
                    + "Export the model with ExportOptions.AdaptersApart, and save the adapter from the same model.");
            }

            if (OnnxProto.ShapeOf(input) != matrix.Shape)
                throw new OnnxFileException($"'{matrix.Name}' of the adapter '{name}' is {matrix.Shape}, but the model takes {OnnxProto.ShapeOf(input)}.");
        }

        return content;
    }

    private static int Write(FlatBufferBuilder builder, AdapterMatrix matrix)
    {
        var bytes = MemoryMarshal.AsBytes<float>(matrix.Values);
        builder.StartVector(1, bytes.Length, 8);
        builder.Add<byte>(bytes.ToArray());
        var data = builder.EndVector().Value;
        builder.StartVector(sizeof(long), matrix.Shape.Rank, sizeof(long));
        for (var axis = matrix.Shape.Rank - 1; axis >= 0; axis--) builder.AddLong(matrix.Shape.Dims[axis]);
        var dims = builder.EndVector().Value;
        var name = builder.CreateString(matrix.Name).Value;
        builder.StartTable(4);
        builder.AddOffset(3, data, 0);
        builder.AddInt(2, Float, 0);
        builder.AddOffset(1, dims, 0);
        builder.AddOffset(0, name, 0);
        return builder.EndTable();
    }

    private static List<AdapterMatrix> Parse(byte[] content, string name)
    {
        try
        {
            var buffer = new ByteBuffer(content);
            if (content.Length < 16 || !Table.__has_identifier(buffer, Identifier)) throw new FormatException("it is no file of ONNX Runtime's adapter format");
            var root = new Table(buffer.GetInt(0), buffer);
            var version = root.__offset(FormatVersionField) is > 0 and var field ? buffer.GetInt(root.bb_pos + field) : 0;
            if (version != Version) throw new FormatException($"its version is {version}, expected {Version}");
            var list = root.__offset(ParametersField);
            if (list == 0) throw new FormatException("it holds no matrices");
            var count = root.__vector_len(list);
            if (count is < 0 or > MostMatrices) throw new FormatException($"it holds {count} matrices, expected at most {MostMatrices}");
            var (start, matrices, names) = (root.__vector(list), new List<AdapterMatrix>(), new HashSet<string>(StringComparer.Ordinal));
            long left = content.Length;
            for (var i = 0; i < count; i++)
            {
                var matrix = Parse(new Table(root.__indirect(start + (sizeof(int) * i)), buffer), buffer);

                // Offsets may lead several matrices to the same bytes.
                left -= matrix.Values.LongLength * sizeof(float);
                if (left < 0) throw new FormatException("its matrices overlap");
                if (!names.Add(matrix.Name)) throw new FormatException($"it holds '{matrix.Name}' twice");
                matrices.Add(matrix);
            }

            return matrices;
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new OnnxFileException($"'{name}' is damaged: {damage.Message.TrimEnd('.')}. Save the adapter again.", damage);
        }
    }

    private static AdapterMatrix Parse(Table table, ByteBuffer buffer)
    {
        var (nameAt, dimsAt, typeAt, dataAt) = (table.__offset(NameField), table.__offset(DimsField), table.__offset(TypeField), table.__offset(DataField));
        if (nameAt == 0 || dimsAt == 0 || dataAt == 0) throw new FormatException("a matrix lacks its name, its dimensions or its elements");
        var name = table.__string(nameAt + table.bb_pos) ?? throw new FormatException("a matrix has no name");
        var type = typeAt == 0 ? 0 : buffer.GetInt(table.bb_pos + typeAt);
        if (type != Float) throw new FormatException($"'{name}' is of type {type}, expected {Float}, float");
        var (rank, dims) = (table.__vector_len(dimsAt), table.__vector(dimsAt));
        if (rank is < 1 or > 8) throw new FormatException($"'{name}' has {rank} dimensions, expected 1 to 8");
        var sizes = new int[rank];
        for (var axis = 0; axis < rank; axis++) sizes[axis] = checked((int)buffer.GetLong(dims + (sizeof(long) * axis)));
        var (bytes, data) = (table.__vector_len(dataAt), table.__vector(dataAt));
        if (sizes.Any(size => size < 0) || bytes < 0 || Shape.Of(sizes).ElementCount * sizeof(float) != bytes || data < 0 || data > buffer.Length - bytes)
            throw new FormatException($"'{name}' of ({string.Join(", ", sizes)}) has {bytes} bytes");
        return new(name, Shape.Of(sizes), MemoryMarshal.Cast<byte, float>(buffer.ToArraySegment(data, bytes)).ToArray());
    }
}
