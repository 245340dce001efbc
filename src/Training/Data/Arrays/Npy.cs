using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads and writes single NumPy arrays (<c>.npy</c>).</summary>
/// <remarks>Format: numpy.lib.format, versions 1 to 3. Arrays of Python objects are refused; nothing in a file is executed.</remarks>
/// <example><code>
/// NDArray x = Npy.Read&lt;float>("features.npy");
/// Npy.Write("predictions.npy", model.Predict(x).ToTensor());
/// </code></example>
public static class Npy
{
    /// <summary>Reads an array, converted to <typeparamref name="T"/>, in row-major order; a scalar has shape [1].</summary>
    /// <typeparam name="T">float, long ...; integers are converted to floats, but floats are not converted to integers.</typeparam>
    /// <param name="path">The file, plain or compressed with gzip.</param>
    /// <exception cref="DataException">The file is missing, damaged, cut off, of another kind, or a value does not fit.</exception>
    public static Tensor<T> Read<T>(string path)
        where T : struct, INumberBase<T> => DataFile.Read(path, file =>
    {
        var tensor = NpyElements.Read<T>(file.Stream, file.Name, file.CheckLength);
        file.CheckEnd();
        return tensor;
    });

    /// <summary>
    /// Opens an array that stays in its file, as <c>numpy.load(path, mmap_mode="r")</c> does: batches are read when they are needed, so it may be larger than
    /// memory.
    /// </summary>
    /// <remarks>
    /// Types become what <see cref="NDArrays"/> lists, while they are read. Fit and Evaluate read the file once more before they begin, to refuse values that
    /// are not finite. The file is closed when no array that reads from it is left; until then it may be replaced or deleted, but must not be changed.
    /// </remarks>
    /// <param name="path">The file: not compressed, in row-major order, little-endian.</param>
    /// <exception cref="DataException">The file is missing, damaged, cut off, of another kind, or can only be read by <see cref="Read{T}"/>.</exception>
    public static NDArray Open(string path) => NpyElements.Open(path);

    /// <summary>Writes an array as <c>numpy.save</c> does.</summary>
    /// <typeparam name="T">float, double, Half, an integer type or bool.</typeparam>
    /// <param name="path">The file; an existing one is replaced, or left as it is if writing fails.</param>
    /// <param name="tensor">The array.</param>
    /// <exception cref="ArgumentException">The element type is not supported.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write<T>(string path, Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        DataFile.Write(path, stream => NpyElements.Write(stream, tensor));
    }
}
