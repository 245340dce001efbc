namespace OnnxFunctional.Training.Data;

/// <summary>What an array of a batch of rows holds.</summary>
internal enum ArrayKind
{
    /// <summary>Numbers, float32 [rows, width].</summary>
    Floats,

    /// <summary>Class indices, int64 [rows].</summary>
    Labels,

    /// <summary>Texts [rows, width].</summary>
    Texts,
}
