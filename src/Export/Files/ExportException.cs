namespace OnnxFunctional.Export;

/// <summary>A request to ONNX export or to ONNX Runtime cannot be fulfilled; the message gives the reason and a remedy.</summary>
/// <param name="message">The sentence for the user.</param>
/// <param name="innerException">What the system or ONNX Runtime reported, if that was the cause.</param>
public class ExportException(string message, Exception? innerException = null) : Exception(message, innerException);
