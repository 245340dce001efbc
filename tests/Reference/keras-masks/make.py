"""Makes the models and numbers of this folder: python make.py FOLDER, with Keras 3.15.1. See README.md."""
import os,sys
os.environ['KERAS_BACKEND']='numpy'
import numpy as np, keras
from keras import layers as L, ops
print(keras.__version__)
out=sys.argv[1]
rng=np.random.default_rng(5)
keras.utils.set_random_seed(1)
IDS=np.array([[0,0,3,4],[1,0,0,2],[2,3,4,0],[0,0,0,0],[1,2,3,4],[0,5,0,0],[5,0,1,0]],dtype='int64')
N=len(IDS)
def randomize(m):
    for w in m.weights:
        if 'seed' in w.path: continue
        v=rng.normal(scale=0.6,size=w.shape).astype('float32'); w.assign(abs(v) if 'variance' in w.path else v)
def save(name,inputs,outs,xs):
    m=keras.Model(inputs,outs); randomize(m)
    y=m(xs if len(xs)>1 else xs[0]); y=y if isinstance(y,(list,tuple)) else [y]
    d={f'x{i}':x for i,x in enumerate(xs)}
    for i,v in enumerate(y): d[f'y{i}']=np.asarray(v,dtype='float32')
    m.save(f'{out}/{name}.keras'); np.savez_compressed(f'{out}/{name}.npz',**d)
    print(name,len(y),[np.isnan(np.asarray(v)).any() for v in y].count(True))
def attempt(name,f):
    try: f()
    except Exception as e:
        import traceback; print('FAIL',name,type(e).__name__,str(e)[:300])
S=rng.normal(size=(N,3)).astype('float32'); S2=rng.normal(size=(N,3)).astype('float32')
def states():
    ids=keras.Input((4,),dtype='int64'); s=keras.Input((3,)); s2=keras.Input((3,))
    e=L.Embedding(6,2,mask_zero=True)(ids); mask=ops.not_equal(ids,0)
    o=[]
    for seq in (False,True):
        for back in (False,True):
            o.append(L.GRU(3,return_sequences=seq,go_backwards=back,unroll=True)(e,initial_state=s,mask=mask))
            o.append(L.LSTM(3,return_sequences=seq,go_backwards=back,unroll=True)(e,initial_state=[s,s2],mask=mask))
    o.append(L.SimpleRNN(3,return_sequences=True,zero_output_for_mask=True)(e,initial_state=s,mask=mask))
    o.append(L.SimpleRNN(3,return_sequences=True,unroll=True,activation='softmax')(e,initial_state=s,mask=mask))
    o.append(L.LSTM(3)(e,initial_state=[s,s2]))
    g=L.GRU(3,return_sequences=True,return_state=True,unroll=True)(e,initial_state=s,mask=mask); o+=list(g)
    o.append(L.Bidirectional(L.GRU(3,return_sequences=True))(e,initial_state=[s,s2],mask=mask))
    o.append(L.Bidirectional(L.GRU(3,unroll=True))(e,initial_state=[s,s2],mask=mask))
    o.append(L.Bidirectional(L.GRU(3,return_sequences=True))(e,initial_state=[s,s2]))
    o.append(L.RNN([L.LSTMCell(2),L.GRUCell(3)],return_sequences=True)(e))
    # the mask goes on behind a call with states
    h=L.GRU(3,return_sequences=True)(e,initial_state=s); o.append(L.SimpleRNN(2)(h))
    save('recurrent_states',[ids,s,s2],o,[IDS,S,S2])
def attention():
    # Each attention has embeddings of its own: MultiHeadAttention removes the masks of its inputs while a model runs.
    ids=keras.Input((4,),dtype='int64'); ids2=keras.Input((3,),dtype='int64')
    E=lambda: L.Embedding(6,4,mask_zero=True)(ids)
    K=lambda: L.Embedding(6,4,mask_zero=True)(ids2)
    o=[]
    o.append(L.MultiHeadAttention(2,3)(E(),K())); o.append(L.MultiHeadAttention(2,3,dropout=0.5)(E(),K()))
    o+=list(L.MultiHeadAttention(2,3)(E(),K(),return_attention_scores=True))
    e=E(); o.append(L.MultiHeadAttention(2,3)(e,e,use_causal_mask=True))
    o.append(L.GroupQueryAttention(2,4,2)(E(),K())); o.append(L.GroupQueryAttention(2,4,2,dropout=0.3)(E(),K()))
    o.append(L.Attention()([E(),K()])); o.append(L.AdditiveAttention()([E(),K()])); e=E(); o.append(L.Attention()([e,e],use_causal_mask=True))
    o.append(L.GlobalAveragePooling1D()(L.MultiHeadAttention(2,3)(E(),K())))
    o.append(L.GlobalAveragePooling1D()(L.Attention()([E(),K()])))
    e=E(); a=L.MultiHeadAttention(2,3)(e,e); o.append(L.GlobalAveragePooling1D()(L.Add()([e,a])))
    I2=np.array([[0,1,2],[3,0,0],[0,0,0],[1,2,3],[0,5,0],[4,4,0],[1,0,2]],dtype='int64')
    save('attention',[ids,ids2],o,[IDS,I2])
def travel():
    ids=keras.Input((4,),dtype='int64')
    e=L.Embedding(6,3,mask_zero=True)(ids); f=L.Embedding(6,3,mask_zero=True)(ids); p=L.Embedding(6,3)(ids)
    o=[]
    for m in (L.Add()([e,f]),L.Multiply()([e,f]),L.Maximum()([e,f]),L.Minimum()([e,f]),L.Average()([e,p]),L.Concatenate()([e,p]),L.Concatenate(axis=1)([e,p]),L.Subtract()([e,f])):
        o.append(L.LSTM(2)(m))
    o.append(L.LSTM(2)(L.LayerNormalization()(L.Dense(3)(e)))); o.append(L.GRU(2)(L.LSTM(2,return_sequences=True)(e)))
    o.append(L.LSTM(2)(L.Dropout(.5)(L.Activation('tanh')(e)))); o.append(L.SimpleRNN(2)(L.TimeDistributed(L.Dense(2))(e)))
    o.append(L.GRU(2)(L.Bidirectional(L.LSTM(2,return_sequences=True))(e)))
    b=L.Bidirectional(L.LSTM(2,return_sequences=True),merge_mode=None)(e); o+= [L.GRU(2)(b[0]),L.GRU(2)(b[1])]
    o.append(L.LSTM(2)(L.BatchNormalization()(e)))
    o.append(L.Softmax(axis=1)(L.Dense(1)(e),mask=ops.expand_dims(ops.not_equal(ids,0),-1)))
    save('travel',ids,o,[IDS])
def inner():
    x=keras.Input((3,2,2)); m=L.Masking()(x)
    o=[L.TimeDistributed(L.LSTM(2))(m),L.TimeDistributed(L.GlobalAveragePooling1D())(L.Masking(mask_value=9.)(x))]
    X=rng.normal(size=(4,3,2,2)).astype('float32'); X[0,0]=0; X[1,:,1]=0; X[2,1,0]=0; X[3]=0
    save('inner',x,o,[X])
for n,f in list(globals().items()):
    if n in('states','attention','travel','inner'): attempt(n,f)
