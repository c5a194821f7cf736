import sys,json,onnxruntime as ort,numpy as np
o=ort.SessionOptions(); o.intra_op_num_threads=1; o.enable_profiling=True; o.profile_file_prefix="/tmp/norm/prof"
s=ort.InferenceSession(sys.argv[1],o); sh=[int(v) for v in sys.argv[2].split("x")]
x=np.random.randn(*sh).astype(np.float32)
for _ in range(6): s.run(None,{s.get_inputs()[0].name:x})
ev=json.load(open(s.end_profiling())); t={}
for e in ev:
    if e.get("cat")=="Node" and e["name"].endswith("kernel_time"): t[e["args"]["op_name"]]=t.get(e["args"]["op_name"],0)+e["dur"]
T=sum(t.values()); print({k:f"{v/T*100:.1f}%" for k,v in sorted(t.items(),key=lambda a:-a[1])[:12]}, T/6e3,"ms")
