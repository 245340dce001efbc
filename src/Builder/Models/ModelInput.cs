using System.ComponentModel;

namespace OnnxFunctional;

/// <summary>Where <c>Model.Input(...)</c> lives: a static extension, because a model also has a property <see cref="Model.Input"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelInput
{
    extension(Model)
    {
        /// <summary>An input of a model.</summary>
        /// <param name="shape">Its dimensions without the batch; <see langword="null"/> where a size is not known.</param>
        /// <param name="dtype">The type of its elements.</param>
        /// <param name="name">Its name; a model makes one if none is given.</param>
        /// <param name="batchSize">A fixed batch size, where stateful layers need one.</param>
        /// <returns>A tensor (batch, shape...) to call layers on.</returns>
        public static SymbolicTensor Input(Shape shape, DType dtype = DType.Float32, string? name = null, int? batchSize = null) =>
            new InputLayer(shape.Insert(0, batchSize ?? Shape.Unknown), dtype, name).Tensor;
    }
}
