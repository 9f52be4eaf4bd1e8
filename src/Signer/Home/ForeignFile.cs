using Fota.Interop.Posix;

namespace Fota.Signer.Home;

/// <summary>Files that somebody else put into a folder which this signer takes from: a package, a draft, a document of signatures.</summary>
internal static class ForeignFile
{
    /// <summary>Reads one.</summary>
    /// <exception cref="SignerRefusalException">It is no regular file, or a longer one.</exception>
    public static byte[] Read(string file, int maxBytes)
    {
        try
        {
            return PosixFile.ReadForeign(file, maxBytes);
        }
        catch (InvalidDataException e)
        {
            throw new SignerRefusalException(e.Message, e);
        }
    }

    /// <summary>Copies one, of any length.</summary>
    /// <exception cref="SignerRefusalException">It is no regular file.</exception>
    public static void Copy(string file, string target)
    {
        try
        {
            using FileStream source = PosixFile.OpenForeign(file), copy = File.Create(target);
            source.CopyTo(copy);
        }
        catch (InvalidDataException e)
        {
            throw new SignerRefusalException(e.Message, e);
        }
    }
}
