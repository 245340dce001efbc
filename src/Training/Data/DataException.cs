namespace OnnxFunctional.Training;

/// <summary>
/// Data that cannot be read or used: a file that is missing, damaged or of another kind, or values that do not fit. The message names the place and a remedy.
/// </summary>
/// <param name="message">The message for the user.</param>
/// <param name="innerException">What the system reported, if that was the cause.</param>
public class DataException(string message, Exception? innerException = null) : Exception(message, innerException);
