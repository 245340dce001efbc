using Microsoft.Win32.SafeHandles;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// A file whose content is read where it is needed. It is read, not mapped: a mapped file that somebody truncates ends the process (SIGBUS), a read of it is
/// an exception. It is closed when nothing refers to it any more, as NumPy closes its memmap; it can be renamed and deleted before.
/// </summary>
internal sealed class OpenedFile
{
    private readonly SafeFileHandle _handle;
    private readonly string _name;

    /// <param name="path">The file.</param>
    /// <param name="length">The length that it had when its header was read.</param>
    /// <exception cref="DataException">It cannot be opened, or has changed since.</exception>
    public OpenedFile(string path, long length)
    {
        _name = "'" + path + "'";
        _handle = DataFile.Guarded(path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        if (RandomAccess.GetLength(_handle) == length) return;
        _handle.Dispose();
        throw new DataException($"{_name} changed while it was opened. Open it when it is complete.");
    }

    /// <summary>Reads bytes at a place.</summary>
    /// <exception cref="DataException">The file has become shorter, or the system refuses.</exception>
    public void Read(long place, Span<byte> target)
    {
        try
        {
            while (!target.IsEmpty)
            {
                var count = RandomAccess.Read(_handle, target, place);
                if (count == 0) throw new DataException($"{_name} has become shorter since it was opened. Open it again when it is complete.");
                place += count;
                target = target[count..];
            }
        }
        catch (IOException failed)
        {
            throw new DataException($"The file {_name} cannot be read: {failed.Message} Check the disk, or the connection to it.", failed);
        }
    }
}
