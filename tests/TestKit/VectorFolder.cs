using NUnit.Framework;

namespace Fota.TestKit;

/// <summary>Finds the public test vectors, which belong to their own projects and lie beside the repository rather than in it.</summary>
public static class VectorFolder
{
    private static readonly string Root = Path.GetFullPath(RepositoryRoot.Path("..", "shared", "vectors"));

    /// <summary>The path of a vector file or folder; the running test is ignored, and says so, when the vectors are not there.</summary>
    public static string Require(string relative)
    {
        string path = Path.Combine(Root, relative);
        if (!Path.Exists(path))
        {
            Assert.Ignore($"vectors absent, skipped: ../shared/vectors/{relative}");
        }

        return path;
    }
}
