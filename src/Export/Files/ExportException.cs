namespace OnnxFunctional.Export;

/// <summary>What was asked of an ONNX file or of ONNX Runtime cannot be done; the message says why and what to do about it.</summary>
/// <param name="message">The sentence for the user.</param>
/// <param name="innerException">What the system or ONNX Runtime reported, where that was the cause.</param>
public class ExportException(string message, Exception? innerException = null) : Exception(message, innerException);
