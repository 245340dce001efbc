namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Operators that a file may hold and a model cannot.</summary>
internal static class Refused
{
    public static FileResult[] Random(FileNode node) => throw new ModelException(
        "it draws random numbers when it runs, which a model opened from a file does not. Export the model for inference, without them.");
}
