using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Storage;

/// <summary>Verified targets as files of one flat folder, each named by its percent-encoded path.</summary>
internal sealed class TargetFolder(string directory)
{
    private readonly string _directory = Path.GetFullPath(directory);

    /// <summary>Whether the target lies there already, proven again.</summary>
    public bool Holds(VerifiedTarget target)
    {
        try
        {
            using FileStream file = File.OpenRead(PathOf(target));
            return target.Check(file) is null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Writes the target beside its place, proves it, and only then puts it there: nobody finds unproven bytes under a target's name (A21, A31).</summary>
    /// <exception cref="RejectedException">The bytes are not the target's; the folder is what it was.</exception>
    public async Task PutAsync(VerifiedTarget target, Func<Stream, Task> write)
    {
        DurableFile.CreateFolder(_directory);

        // No encoded name has a '+', so this is never a target's; and it is short, however long the target's name is.
        string place = PathOf(target), temporary = Path.Combine(_directory, "+new");
        try
        {
            using (FileStream file = new(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                await write(file);
                if (target.Check(file) is { } rejection)
                {
                    throw new RejectedException(rejection);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, place, overwrite: true);
            PosixFile.FlushDirectory(_directory);
        }
        finally
        {
            DurableFile.Delete(temporary);
        }
    }

    private string PathOf(VerifiedTarget target)
    {
        string name = Uri.EscapeDataString(target.Path);

        // The encoding leaves these two as they are (A15).
        return name is not ("." or "..")
            ? Path.Combine(_directory, name)
            : throw new RejectedException(RejectionReason.UnsafePath, "a target path: wanted one that names a file, got a folder's");
    }
}
