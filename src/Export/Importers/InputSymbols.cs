using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>The sizes that a file's inputs leave open: equal names are equal sizes.</summary>
/// <param name="opensBatch">Whether a first axis of size 1 is the batch, and takes any number of samples.</param>
internal sealed class InputSymbols(bool opensBatch)
{
    private readonly Dictionary<string, int> _symbols = new(StringComparer.Ordinal);

    public Shape ShapeOf(ValueInfoProto input, Shape? given)
    {
        var shape = input.Type?.TensorType?.Shape
            ?? throw new ModelException($"input {GuardContext.Quote(input.Name)} declares no shape; expected at least its number of dimensions.");
        var declared = Shape.Of([.. shape.Dim.Select((dim, axis) => SizeOf(dim, axis))]);
        if (given is not { } wanted) return declared;
        if (!declared.IsCompatibleWith(wanted))
        {
            throw new ModelException(
                $"ImportOptions.BindShape gives input {GuardContext.Quote(input.Name)} the shape {wanted}, but the file takes {declared}.");
        }

        return Shape.Of([.. declared.Symbols.ToArray().Select((size, axis) => wanted.Dims[axis] == Shape.Unknown ? size : wanted.Dims[axis])]);
    }

    private int SizeOf(TensorShapeProto.Types.Dimension dim, int axis)
    {
        if (dim.HasDimValue)
        {
            if (opensBatch && axis == 0 && dim.DimValue == 1) return Shape.Batch;
            return dim.DimValue is >= 0 and <= int.MaxValue
                ? (int)dim.DimValue
                : throw new ModelException($"a dimension of an input is {dim.DimValue}; expected 0 to {int.MaxValue}.");
        }

        // The first open size of a first axis is the batch: the number of samples that all inputs have.
        if (dim.DimParam.Length == 0) return axis == 0 ? Shape.Batch : Shape.Unknown;
        if (!_symbols.TryGetValue(dim.DimParam, out var symbol))
            _symbols[dim.DimParam] = symbol = axis == 0 && !_symbols.ContainsValue(Shape.Batch) ? Shape.Batch : Shape.NewSymbol();
        return symbol;
    }
}
