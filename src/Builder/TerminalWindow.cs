namespace OnnxFunctional;

/// <summary>The window of the terminal that a program writes to.</summary>
internal static class TerminalWindow
{
    /// <summary>Its columns; null if the output is redirected, or if the platform or the terminal does not say.</summary>
    public static int? Columns
    {
        get
        {
            try
            {
                return !Console.IsOutputRedirected && Console.WindowWidth is > 0 and var width ? width : null;
            }
            catch (Exception error) when (error is IOException or PlatformNotSupportedException)
            {
                return null;
            }
        }
    }
}
