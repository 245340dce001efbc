namespace OnnxFunctional.Export;

/// <summary>An ONNX file cannot be read: it is missing, damaged, beyond the limits of <see cref="OnnxFileLimits"/>, or rejected by ONNX Runtime.</summary>
/// <param name="message">The sentence for the user.</param>
/// <param name="innerException">What the system or ONNX Runtime reported, if that was the cause.</param>
public sealed class OnnxFileException(string message, Exception? innerException = null) : ExportException(message, innerException);
