using System.Reflection;
using System.Runtime.InteropServices;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed partial class SystemLibraryTests
{
    private static readonly Assembly This = typeof(SystemLibraryTests).Assembly;

    [Test]
    public void Redirected_import_loads_the_system_library()
    {
        SystemLibrary.Redirect(This, "e_sqlite3", "libsqlite3.so.0");
        SystemLibrary.Redirect(This, "e_sqlite3", "libsqlite3.so.0");
        SystemLibrary.Redirect(This, "zstd_by_another_name", "libzstd.so.1");
        Assert.That(sqlite3_libversion_number(), Is.GreaterThan(3_000_000));
        Assert.That(ZSTD_versionNumber(), Is.GreaterThan(10_000));
    }

    [Test]
    public void Missing_library_is_named() => Assert.That(
        () => SystemLibrary.Redirect(This, "missing", "libmissing.so.9"),
        Throws.TypeOf<DllNotFoundException>().With.Message.EqualTo("libmissing.so.9 is not installed"));

    [Test]
    public void One_import_is_not_redirected_to_two_libraries()
    {
        SystemLibrary.Redirect(This, "twice", "libzstd.so.1");
        Assert.That(() => SystemLibrary.Redirect(This, "twice", "libsqlite3.so.0"), Throws.InvalidOperationException);
    }

    [LibraryImport("e_sqlite3")]
    private static partial int sqlite3_libversion_number();

    [LibraryImport("zstd_by_another_name")]
    private static partial uint ZSTD_versionNumber();
}
