using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Fota.UpdateServer.Tests.Outside;

/// <summary>What collectors and their rules rely on.</summary>
public sealed class LogTests
{
    [Test]
    public void Each_kind_of_line_has_an_id_of_its_own()
    {
        int[] ids = [.. typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(static m => m.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>().Select(static a => a.EventId)];
        Assert.That(ids, Is.Unique.And.Length.GreaterThan(40));
    }
}
