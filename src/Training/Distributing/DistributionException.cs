namespace OnnxFunctional.Training;

/// <summary>
/// Processes that cannot train together: MPI is missing or reports an error, ranks differ in program, data or options, or another rank has ended. The message
/// names the operation, the rank and a remedy.
/// </summary>
/// <param name="message">The message for the user.</param>
/// <param name="innerException">What the system reported, if that was the cause.</param>
public class DistributionException(string message, Exception? innerException = null) : Exception(message, innerException);
