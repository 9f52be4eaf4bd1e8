namespace Fota.UpdateServer.Tests.Support;

/// <summary>What the disk holds at a moment is what a crash at that moment leaves.</summary>
internal static class FolderPicture
{
    /// <summary>Copies a data folder, but for the lock that a running server holds.</summary>
    public static void Take(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string directory in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(static f => Path.GetFileName(f) != "lock"))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
