using System.ComponentModel;

namespace OnnxFunctional;

/// <summary>Holds <c>Model.Input(...)</c>: a static extension, because a model also has a property <see cref="Model.Input"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelInput
{
    extension(Model)
    {
        /// <summary>Creates an input of a model.</summary>
        /// <param name="shape">The dimensions without the batch; <see langword="null"/> for an unknown size.</param>
        /// <param name="dtype">The type of the elements.</param>
        /// <param name="name">The name; if omitted, the model chooses one.</param>
        /// <param name="batchSize">A fixed batch size, which stateful layers need.</param>
        /// <returns>A tensor (batch, shape...) to call layers on.</returns>
        public static SymbolicTensor Input(Shape shape, DType dtype = DType.Float32, string? name = null, int? batchSize = null) =>
            new InputLayer(shape.Insert(0, batchSize ?? Shape.Unknown), dtype, name).Tensor;
    }
}
