using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Servers that judge alarms, without the rest of them. Nobody is shut out, and no timestamp names a key.</summary>
internal static class AlarmBooks
{
    public static AlarmBook Create(IAlarmStore alarms, IAuditStore audit, TimeProvider time, string server = "one", AlarmSettings? settings = null)
    {
        LogSigning signing = new(audit, new AuditLog(audit, static () => [], time), settings ?? new AlarmSettings(), isExpected: false);
        return new AlarmBook(alarms, NoRevocations.Create(time), settings ?? new AlarmSettings(), signing, server);
    }
}
