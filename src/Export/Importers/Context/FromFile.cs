namespace OnnxFunctional.Export.Importers;

/// <summary>First values that a file holds.</summary>
internal sealed class FromFile(TensorData data) : Initializer
{
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values) => data.As<float>().CopyTo(values);
}
