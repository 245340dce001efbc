namespace OnnxFunctional.Training.Data;

/// <summary>A cell of each row, and where its numbers go.</summary>
/// <param name="reader">What reads it.</param>
/// <param name="array">The index of the array.</param>
internal sealed class RowStep(CellReader reader, int array)
{
    /// <summary>What reads the cell.</summary>
    public CellReader Reader => reader;

    /// <summary>The index of the array that takes its numbers.</summary>
    public int Array => array;

    /// <summary>Whether the cell is a number, which most are.</summary>
    public bool IsNumber { get; } = reader is NumberCell;

    /// <summary>The number of elements.</summary>
    public int Width { get; private set; }

    /// <summary>The first of its elements in a row of the array.</summary>
    public int Offset { get; private set; }

    /// <summary>Takes a place behind the cells before it.</summary>
    public void Place(ArrayPlan plan)
    {
        Width = reader.Names.Count;
        Offset = plan.Width;
        plan.Width += Width;
    }
}
